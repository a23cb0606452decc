#include "storage/catalog/maintenance.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "storage/base/crash_point.h"
#include "storage/base/time.h"
#include "storage/catalog/revision_floor.h"
#include "storage/sqlite/durable_file.h"
#include "storage/sqlite/migrations.h"
#include "storage/sqlite/migrator.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

fs::path beside(const fs::path& path, std::string_view suffix) { return path.string().append(suffix); }

std::int64_t size_of(const fs::path& path) {
  std::error_code failed;
  const auto bytes = fs::file_size(path, failed);
  return failed ? 0 : static_cast<std::int64_t>(bytes);
}

/// The time without what a file name should not hold.
std::string stamp(UtcTime time) {
  auto text = format_rfc3339(time);
  std::erase_if(text, [](char c) { return c == ':' || c == '-'; });
  return text;
}

struct RowRule {
  const char* broken;  ///< what a row of the answer means
  const char* sql;     ///< names the rows that break it
};

constexpr RowRule kRowRules[] = {
    {"the change feed has a gap before seq",
     "SELECT seq FROM change c WHERE seq > 1 AND NOT EXISTS (SELECT 1 FROM change b WHERE b.seq = c.seq - 1)"},
    {"the revision differs from the change feed's for asset",
     "SELECT a.account || ':' || a.asset_id FROM asset a WHERE a.revision <> (SELECT coalesce(max(revision), 0)"
     " FROM change c WHERE c.asset_id <> '' AND c.account = a.account AND c.asset_id = a.asset_id)"},
    {"there is no file row for license",
     "SELECT l.account || ':' || l.license_id FROM license l WHERE NOT EXISTS"
     " (SELECT 1 FROM file f WHERE f.account = l.account AND f.license_id = l.license_id)"},
    {"the file row names another asset than license",
     "SELECT l.account || ':' || l.license_id FROM license l JOIN file f ON f.account = l.account"
     " AND f.license_id = l.license_id WHERE f.asset_id <> l.asset_id"},
    {"one path has two hashes:",
     "SELECT path FROM file WHERE path <> '' GROUP BY path HAVING min(sha256) <> max(sha256)"},
    {"spans of coverage overlap in",
     "SELECT a.account || ' ' || a.stream FROM coverage a JOIN coverage b ON b.account = a.account"
     " AND b.stream = a.stream AND b.from_at > a.from_at AND b.from_at <= a.to_at"},
    {"an asset was never described and is not pending either:",
     "SELECT a.account || ':' || a.asset_id FROM asset a WHERE a.state = 'unknown' AND a.state <> 'active'"
     " AND EXISTS (SELECT 1 FROM license l WHERE l.account = a.account AND l.asset_id = a.asset_id"
     " AND l.media_kind = 'image') AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.account = a.account"
     " AND p.kind IN ('metadata', 'withdrawal') AND p.key = a.asset_id)"},
};

/// At most this many rows of one kind are named; the first ones tell what happened.
constexpr int kMostFindings = 20;

void check_pages(Database& db, std::vector<std::string>& findings) {
  Statement query(db, "PRAGMA integrity_check(20)");
  while (query.step())
    if (query.text(0) != "ok") findings.push_back("damaged: " + query.text(0));
}

void check_references(Database& db, std::vector<std::string>& findings) {
  Statement query(db, "PRAGMA foreign_key_check");
  for (int count = 0; count < kMostFindings && query.step(); ++count)
    findings.push_back(fmt::format("row {} of {} refers to a row of {} that is not there", query.int64(1),
                                   query.text(0), query.text(2)));
}

void check_rows(Database& db, const RowRule& rule, std::vector<std::string>& findings) {
  Statement query(db, fmt::format("{} LIMIT {}", rule.sql, kMostFindings));
  while (query.step()) findings.push_back(fmt::format("{} {}", rule.broken, query.text(0)));
}

void note_backup(const fs::path& catalog, const fs::path& target, UtcTime now) {
  if (catalog.empty()) return;
  std::ofstream note(beside(catalog, ".last-backup"), std::ios::trunc);
  note << format_rfc3339(now) << '\n' << fs::absolute(target).string() << '\n';
}

void read_last_backup(const fs::path& catalog, CatalogStatus& status) {
  std::ifstream note(beside(catalog, ".last-backup"));
  std::string time;
  if (!std::getline(note, time)) return;
  if (const auto parsed = parse_rfc3339(time)) status.last_backup_at = *parsed;
  std::getline(note, status.last_backup_path);
}

/// A copy under a name of its own that is known to be a whole catalog.
Status check_backup(const fs::path& copy) {
  auto db = Database::open_detached(copy);
  if (!db) return db.error();
  if (auto schema = check_schema(**db, migrations()); !schema) return schema;
  const auto findings = check_catalog(**db);
  if (findings.empty()) return {};
  return make_error(ErrorCode::kDamaged, fmt::format("no whole catalog: {}", findings.front()));
}

/// Why a backup was not taken, in terms of the file that the person named: what was examined is a copy that is gone by
/// then, and who has no catalog is told to restore a backup.
Error unusable(const fs::path& backup, const fs::path& copy, Error error) {
  std::string why = error.message;
  for (const char* advice : {"; it was left as it is", " (SQLite ", ": restore a backup"})
    why.erase(std::min(why.find(advice), why.size()));
  for (const std::string& name : {"the catalog " + copy.string() + " ", "catalog " + copy.string() + ": "})
    if (why.starts_with(name)) why.erase(0, name.size());
  error.message = fmt::format("{} is no usable backup ({}); the catalog is unchanged", backup.string(), why);
  return error;
}

/// That the backup is a file, and another one than the catalog.
Status check_source(const fs::path& catalog, const fs::path& backup) {
  std::error_code failed;
  const auto status = fs::status(backup, failed);
  if (!fs::is_regular_file(status))
    return unusable(
        backup, {},
        make_error(ErrorCode::kStorage, fs::exists(status) ? "not a regular file" : "there is no such file"));
  if (fs::equivalent(catalog, backup, failed))
    return make_error(ErrorCode::kUsage, fmt::format("{} is the catalog itself; name a backup of it", backup.string()));
  return {};
}

/// A copy of ours, with what SQLite and a migration put beside it.
void remove_with_companions(const fs::path& copy) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(copy.parent_path(), ignored))
    if (entry.path().filename().string().starts_with(copy.filename().string())) fs::remove(entry.path(), ignored);
}

Status copy_backup(const fs::path& backup, const fs::path& part) {
  std::error_code failed;
  remove_with_companions(part);
  if (auto made = create_private_file(part); !made) return made;
  fs::copy_file(backup, part, fs::copy_options::overwrite_existing, failed);
  if (!failed) return {};
  const auto why = failed.message();
  fs::remove(part, failed);
  return make_error(ErrorCode::kStorage, fmt::format("cannot copy {} to {}: {}", backup.string(), part.string(), why));
}

/// The backup may not know of the latest revisions.
Status raise_revisions(const fs::path& copy, UtcTime now) {
  const auto db = Database::open(copy, OpenMode::kWrite);
  if (!db) return db.error();
  raise_revision_floor(**db, now);
  return {};
}

/// Gives the present catalog a second name and moves its log away, so that the catalog's own name is never free and the
/// log is never beside a catalog it does not belong to.
Result<std::optional<fs::path>> set_aside(const fs::path& catalog, const fs::path& replaced) {
  std::optional<fs::path> aside;
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(catalog, ignored))) {
    if (auto linked = link_file(catalog, replaced); !linked) return linked.error();
    aside = replaced;
  }
  for (const char* suffix : {"-wal", "-shm"}) {
    const auto present = beside(catalog, suffix);
    if (!fs::exists(fs::symlink_status(present, ignored))) continue;
    if (auto moved = move_aside(present, beside(replaced, suffix)); !moved) return moved.error();
  }
  return aside;
}

}  // namespace

CatalogStatus catalog_status(Database& db) {
  CatalogStatus status;
  status.schema_version = schema_version(db);
  status.bytes = size_of(db.path());
  status.wal_bytes = size_of(beside(db.path(), "-wal"));
  std::vector<std::string> tables;
  {
    Statement query(db,
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                    " ORDER BY name");
    while (query.step()) tables.push_back(query.text(0));
  }
  for (auto& table : tables) {
    Statement query(db, fmt::format("SELECT count(*) FROM \"{}\"", table));
    query.step();
    status.rows.emplace_back(std::move(table), query.int64(0));
  }
  read_last_backup(db.path(), status);
  return status;
}

std::vector<std::string> check_catalog(Database& db) {
  std::vector<std::string> findings;
  try {
    if (auto schema = check_schema(db, migrations()); !schema) findings.push_back(schema.error().message);
    check_pages(db, findings);
    check_references(db, findings);
    // The rules are about the tables of the newest schema.
    if (schema_version(db) == migrations().back().version)
      for (const auto& rule : kRowRules) check_rows(db, rule, findings);
  } catch (const DatabaseError& error) {
    if (error.code() != ErrorCode::kDamaged) throw;
    findings.emplace_back(error.what());
  }
  return findings;
}

Status backup_catalog(Database& db, const fs::path& target, UtcTime now) {
  if (auto written = write_snapshot(db, target); !written) return written;
  note_backup(db.path(), target, now);
  return {};
}

Result<std::optional<fs::path>> restore_backup(const fs::path& catalog, const fs::path& backup, UtcTime now) {
  if (auto fine = check_source(catalog, backup); !fine) return fine.error();
  const auto part = beside(catalog, ".restoring");
  if (auto copied = copy_backup(backup, part); !copied) return copied.error();
  auto fit = check_backup(part);
  if (fit) fit = raise_revisions(part, now);
  if (!fit) {
    remove_with_companions(part);
    return unusable(backup, part, fit.error());
  }
  const auto aside = set_aside(catalog, beside(catalog, ".replaced-" + stamp(now)));
  if (!aside) return aside.error();
  crash_point("restore.set_aside");
  if (auto published = publish_file_over(part, catalog); !published) return published.error();
  remove_with_companions(part);
  return aside;
}

}  // namespace damsync
