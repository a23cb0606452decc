#include "storage/catalog/rows.h"

#include "storage/catalog/raw_text.h"
#include "storage/catalog/stored_json.h"

namespace damsync {
namespace {

/// The meaning of a word; a word the schema's CHECKs do not allow means that the file was damaged.
template <class T>
T known(std::optional<T> value, const std::string& word) {
  if (value) return *value;
  throw DatabaseError(ErrorCode::kDamaged, 0, "the catalog holds the unknown word '" + word + "'");
}

}  // namespace

AssetRow read_asset(const Statement& row, RawText raw) {
  AssetRow out;
  out.account = row.text(0);
  out.provider = row.text(1);
  out.asset_id = row.text(2);
  out.state = known(asset_state_from_word(row.text(3)), row.text(3));
  out.metadata = row.text(4);
  out.media_type = row.opt_text(5);
  out.title = row.opt_text(6);
  out.editorial = row.opt_bool(7);
  out.etag = row.text(8);
  out.revision = row.int64(9);
  out.updated_at = row.opt_time(10);
  out.checked_at = row.opt_time(11);
  out.withdrawn_at = row.opt_time(12);
  out.first_seen_at = row.time(13);
  out.sidecar_path = row.text(14);
  out.sidecar_sha256 = row.text(15);
  out.noticed_at = row.opt_time(16);
  if (raw == RawText::kFill && !row.is_null(17)) out.raw = inflate_text(row.blob(17));
  return out;
}

LicenseRow read_license(const Statement& row, RawText raw) {
  LicenseRow out;
  out.account = row.text(0);
  out.provider = row.text(1);
  out.license_id = row.text(2);
  out.asset_id = row.text(3);
  out.state = row.text(4) == to_word(LicenseState::kVanished) ? LicenseState::kVanished : LicenseState::kHeld;
  out.media_kind = row.text(5);
  out.license_type = row.text(6);
  out.size = row.text(7);
  out.format = row.text(8);
  out.licensed_at = row.time(9);
  out.licensed_at_text = row.text(10);
  out.licensed_by = row.text(11);
  out.downloadable = row.opt_bool(12);
  out.first_seen_at = row.time(13);
  out.vanished_at = row.opt_time(14);
  out.details = parse_stored_json(row.text(15));
  if (raw == RawText::kFill) out.raw = inflate_text(row.blob(16));
  return out;
}

FileRow read_file(const Statement& row) {
  FileRow out;
  out.account = row.text(0);
  out.provider = row.text(1);
  out.asset_id = row.text(2);
  out.license_id = row.text(3);
  out.size = row.text(4);
  out.format = row.text(5);
  out.state = known(file_state_from_word(row.text(6)), row.text(6));
  out.reason = row.text(7);
  out.path = row.text(8);
  out.bytes = row.opt_int64(9);
  out.sha256 = row.text(10);
  out.mirrored_at = row.opt_time(11);
  out.verified_at = row.opt_time(12);
  return out;
}

Change read_change(const Statement& row) {
  Change out;
  out.seq = row.int64(0);
  out.id = row.text(1);
  out.time = row.time(2);
  out.type = known(event_type_from_word(row.text(3)), row.text(3));
  out.provider = row.text(4);
  out.account = row.text(5);
  out.asset_id = row.text(6);
  out.license_id = row.text(7);
  out.revision = row.int64(8);
  const auto fields = parse_stored_json(row.text(9));
  if (const auto* names = fields.if_array())
    for (const auto& name : *names)
      if (const auto* text = name.if_string()) out.fields.push_back(*text);
  return out;
}

}  // namespace damsync
