#include "sync/pipeline/file_place.h"

#include "storage/catalog/layout_book.h"

namespace damsync {
namespace {

/// A path belongs to one rendition of one asset.
bool belongs_to_another(const Cycle& cycle, const FetchTask& task, const std::string& path) {
  const auto& license = task.licenses.front();
  const auto owner = cycle.catalog.find_file_at(path);
  return owner && (owner->account != cycle.account || owner->asset_id != task.asset_id || owner->size != license.size ||
                   owner->format != license.format);
}

}  // namespace

std::string place_for(const Cycle& cycle, const FetchTask& task, const std::string& format,
                      const std::function<bool(const std::string& path)>& reserved) {
  const auto& license = task.licenses.front();
  const PathInput input{cycle.account,
                        license.provider,
                        &license,
                        cycle.provider.capabilities().file_prefix,
                        format == "tiff" ? "tif" : format,
                        task.editorial};
  auto path = cycle.layout.file_path(input);
  const bool free = !reserved(path) && !belongs_to_another(cycle, task, path);
  return free ? path : cycle.layout.file_path_with_license(input);
}

std::string record_place_for(const Cycle& cycle, const AssetRow& asset, const LicenseRow* placed_by) {
  License unlicensed;
  unlicensed.asset_id = asset.asset_id;
  const License* license = placed_by != nullptr ? placed_by : &unlicensed;
  const PathInput input{cycle.account,
                        asset.provider,
                        license,
                        cycle.provider.capabilities().file_prefix,
                        "",
                        asset.editorial.value_or(false)};
  auto path = cycle.layout.sidecar_path(input);
  if (cycle.layout.parts_accounts() || !LayoutBook(cycle.db).sidecar_taken(asset, path)) return path;
  return cycle.layout.sidecar_path_with_account(input);
}

}  // namespace damsync
