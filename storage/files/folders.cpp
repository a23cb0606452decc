#include "storage/files/folders.h"

#include <utility>

namespace damsync {
namespace {

/// Bounds the memory for folder names; starting afresh costs one mkdir and at most one more fsync a folder.
constexpr std::size_t kMostRemembered = 100'000;
/// Above this one sync of the file system is cheaper than one of each folder.
constexpr std::size_t kFewFolders = 4;

}  // namespace

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

Status Folders::ensure(const std::string& folder) {
  if (folder.empty() || standing_.contains(folder)) return {};
  const std::string parent = folder_of(folder);
  if (auto above = ensure(parent); !above) return above;
  const auto made = ops_.make_dir(folder);
  if (!made) return made.error();
  if (*made || !settled_.contains(parent)) changed_.insert(parent);
  standing_.insert(folder);
  return {};
}

Status Folders::sync() {
  if (auto synced = sync_changed(); !synced) {
    forget();
    // Whatever stands there now: no item of the batch is durable, so it is not one item's trouble.
    return make_error(ErrorCode::kStorage, synced.error().message);
  }
  settled_.insert(changed_.begin(), changed_.end());
  changed_.clear();
  if (standing_.size() + settled_.size() > kMostRemembered) forget();
  return {};
}

Status Folders::sync_changed() {
  if (changed_.size() > kFewFolders) return ops_.sync_all();
  for (const auto& folder : changed_)
    if (auto synced = ops_.sync_dir(folder); !synced) return synced;
  return {};
}

void Folders::forget() {
  standing_.clear();
  settled_.clear();
  changed_.clear();
}

}  // namespace damsync
