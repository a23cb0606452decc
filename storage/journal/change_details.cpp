#include "storage/journal/change_details.h"

#include <algorithm>

#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

LicenseFacts read_facts(const Statement& row) {
  LicenseFacts out;
  out.license_id = row.text(0);
  out.license_type = row.text(1);
  out.size = row.text(2);
  out.format = row.text(3);
  out.licensed_at = row.time(4);
  out.state = row.text(5) == "vanished" ? LicenseState::kVanished : LicenseState::kHeld;
  out.file_state = file_state_from_word(row.opt_text(6).value_or("")).value_or(FileState::kPending);
  out.path = row.opt_text(7).value_or("");
  out.sha256 = row.opt_text(8).value_or("");
  out.bytes = row.opt_int64(9);
  return out;
}

/// The first change that tells of it is its description, not a change of what was known.
bool changes_editorial(Database& db, const Change& change) {
  constexpr const char* kField = "editorial";
  if (std::find(change.fields.begin(), change.fields.end(), kField) == change.fields.end()) return false;
  Statement earlier(db,
                    "SELECT 1 FROM change c, json_each(c.fields) f WHERE c.account = ? AND c.asset_id = ?"
                    " AND c.asset_id <> '' AND c.revision < ? AND f.value = ? LIMIT 1");
  return earlier.bind_all(change.account, change.asset_id, change.revision, std::string(kField)).step();
}

}  // namespace

ChangeDetails read_details(Database& db, const Change& change) {
  ChangeDetails out;
  if (change.asset_id.empty()) return out;
  Statement asset(db, "SELECT state, media_type, title, editorial FROM asset WHERE account = ? AND asset_id = ?");
  if (asset.bind_all(change.account, change.asset_id).step()) {
    out.state = asset_state_from_word(asset.text(0));
    out.media_type = asset.opt_text(1);
    out.title = asset.opt_text(2);
    out.editorial = asset.opt_bool(3);
  }
  out.editorial_changed = changes_editorial(db, change);
  Statement licenses(db,
                     "SELECT l.license_id, l.license_type, l.size, l.format, l.licensed_at, l.state, f.state, f.path,"
                     " f.sha256, f.bytes FROM license l LEFT JOIN file f USING (account, license_id)"
                     " WHERE l.account = ? AND l.asset_id = ? ORDER BY l.license_id");
  licenses.bind_all(change.account, change.asset_id);
  while (licenses.step()) out.licenses.push_back(read_facts(licenses));
  return out;
}

std::optional<RunFailure> last_failure(Database& db, const std::string& account) {
  Statement query(db,
                  "SELECT a.error_code, a.error_message FROM run r JOIN run_account a ON a.run_id = r.run_id"
                  " WHERE a.account = ? ORDER BY r.started_at DESC, r.run_id DESC LIMIT 1");
  if (!query.bind(account).step() || query.is_null(0)) return std::nullopt;
  return RunFailure{query.text(0), query.text(1)};
}

bool is_new_failure(Database& db, const std::string& account, const std::string& code) {
  Statement query(db,
                  "SELECT 1 FROM run r JOIN run_account a ON a.run_id = r.run_id WHERE a.account = ?1"
                  " AND a.error_code = ?2 AND r.started_at > coalesce((SELECT max(w.started_at) FROM run w"
                  " JOIN run_account b ON b.run_id = w.run_id WHERE b.account = ?1 AND b.error_code IS NULL), -1)"
                  " LIMIT 1");
  return !query.bind_all(account, code).step();
}

}  // namespace damsync
