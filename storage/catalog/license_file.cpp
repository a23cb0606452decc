#include "storage/catalog/license_file.h"

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

std::vector<std::string> changed_facts(const License& before, const License& after) {
  std::vector<std::string> names;
  const auto compare = [&names](const char* name, const auto& old_value, const auto& new_value) {
    if (!(old_value == new_value)) names.emplace_back(name);
  };
  compare("asset_id", before.asset_id, after.asset_id);
  compare("media_kind", before.media_kind, after.media_kind);
  compare("license_type", before.license_type, after.license_type);
  compare("size", before.size, after.size);
  compare("format", before.format, after.format);
  compare("licensed_at", before.licensed_at, after.licensed_at);
  compare("licensed_by", before.licensed_by, after.licensed_by);
  compare("downloadable", before.downloadable, after.downloadable);
  compare("details", canonical_details(before), canonical_details(after));
  return names;
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
