#include "storage/catalog/license_file.h"

#include <tuple>

namespace damsync {
namespace {

bool was_fetched(FileState state) {
  return state == FileState::kMirrored || state == FileState::kMissing || state == FileState::kCorrupt;
}

std::string canonical_details(const License& license) {
  return license.details.is_null() ? "{}" : write_json(license.details, JsonStyle::kCanonical);
}

FileRow fresh_file(const License& license) {
  FileRow file;
  file.asset_id = license.asset_id;
  file.license_id = license.license_id;
  file.size = license.size;
  file.format = license.format;
  if (const auto reason = block_reason(license)) {
    file.state = FileState::kBlocked;
    file.reason = *reason;
  }
  return file;
}

}  // namespace

std::optional<std::string> block_reason(const License& license) {
  if (license.media_kind != "image") return license.media_kind + " licenses are not mirrored yet";
  if (license.downloadable == false) return "the provider does not offer this license for download";
  return std::nullopt;
}

bool same_license(const License& before, const License& after) {
  const auto key = [](const License& l) {
    return std::tie(l.license_id, l.asset_id, l.media_kind, l.license_type, l.size, l.format, l.licensed_at,
                    l.licensed_by, l.downloadable);
  };
  return key(before) == key(after) && canonical_details(before) == canonical_details(after);
}

FileRow next_file(const License* before, const std::optional<FileRow>& file, const License& after) {
  if (before == nullptr || !file || file->asset_id != after.asset_id) return fresh_file(after);
  if (was_fetched(file->state)) return *file;
  const bool offered_again = after.downloadable == true && before->downloadable != true;
  const bool was_our_rule = file->state == FileState::kBlocked && block_reason(*before) == file->reason;
  if (block_reason(after) || offered_again || was_our_rule) return fresh_file(after);
  FileRow next = *file;
  next.size = after.size;
  next.format = after.format;
  return next;
}

}  // namespace damsync
