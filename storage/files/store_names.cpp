#include <fmt/format.h>

#include <mutex>
#include <set>

#include "storage/base/crash_point.h"
#include "storage/base/text.h"
#include "storage/files/file_store.h"

namespace damsync {
namespace {

/// Above this one sync of the file system is cheaper than one of each folder.
constexpr std::size_t kFewFolders = 4;

Status refuse_own(const std::string& path) {
  if (is_store_path(path) && path != ".damsync" && !path.starts_with(".damsync/")) return {};
  return make_error(ErrorCode::kInvalid, fmt::format("'{}' cannot be a published path", printable(path)));
}

bool is_sidecar(const std::string& path) {
  return path.ends_with(".xmp") || path.ends_with(".jsonld") || path.ends_with("asset.json");
}

Error not_what_it_was(const std::string& path) {
  return make_error(ErrorCode::kInvalid,
                    fmt::format("{} is not what damsync put there; it stays, look at it", printable(path)));
}

}  // namespace

Status FileStore::replace(StagedFile& staged, const std::string& path) {
  const std::lock_guard alone(placing_);
  if (auto root = ops_.check_root(); !root) return root;
  if (auto allowed = refuse_own(path); !allowed) return allowed;
  if (!staged.sealed()) return make_error(ErrorCode::kInternal, "a file was to be placed before it was sealed");
  const std::string folder = folder_of(path);
  if (auto made = folders_.ensure(folder); !made) return made;
  folders_.touch(folder);
  if (auto renamed = ops_.rename_over(staged.path(), path); !renamed) {
    folders_.forget();
    return renamed;
  }
  staged.release();
  crash_point("replace.renamed");
  return folders_.sync();
}

Status FileStore::add_name(const std::string& from, const std::string& to) {
  const std::lock_guard alone(placing_);
  if (auto root = ops_.check_root(); !root) return root;
  for (const auto* path : {&from, &to})
    if (auto allowed = refuse_own(*path); !allowed) return allowed;
  const std::string folder = folder_of(to);
  if (auto made = folders_.ensure(folder); !made) return made;
  folders_.touch(folder);
  auto named = ops_.second_name(from, to);
  if (named) crash_point("names.added");
  return named;
}

Status FileStore::sync_names() {
  const std::lock_guard alone(placing_);
  return folders_.sync();
}

Status FileStore::drop_name(const Surplus& surplus) {
  if (auto allowed = refuse_own(surplus.path); !allowed) return allowed;
  const auto here = ops_.stat(surplus.path);
  if (!here) return here.error();
  if (!here->exists) return {};
  if (!here->regular) return not_what_it_was(surplus.path);
  if (surplus.twin.empty() && !is_sidecar(surplus.path)) return not_what_it_was(surplus.path);
  if (!surplus.twin.empty()) {
    const auto there = ops_.stat(surplus.twin);
    if (!there) return there.error();
    const bool same = there->exists && there->inode == here->inode && there->device == here->device;
    if (!same) return not_what_it_was(surplus.path);
  }
  if (auto removed = ops_.remove(surplus.path); !removed) return removed;
  crash_point("names.dropped");
  return {};
}

/// Removes the folder and those above it while they are empty; returns the first that stays.
Result<std::string> FileStore::prune(std::string folder) {
  while (!folder.empty()) {
    const auto info = ops_.stat(folder);
    if (!info) return info.error();
    if (info->exists) {
      const auto names = ops_.list_dir(folder);
      if (!names) return names.error();
      if (!names->empty()) break;
      if (auto removed = ops_.remove(folder); !removed) return removed.error();
    }
    folder = folder_of(folder);
  }
  return folder;
}

Result<std::vector<Status>> FileStore::drop_names(std::span<const Surplus> surplus) {
  const std::lock_guard alone(placing_);
  if (auto root = ops_.check_root(); !root) return root.error();
  std::vector<Status> out;
  std::set<std::string> touched, standing;
  for (const auto& one : surplus) {
    out.push_back(drop_name(one));
    if (!out.back() && out.back().error().code == ErrorCode::kStorage) return out.back().error();
    touched.insert(folder_of(one.path));
  }
  folders_.forget();  // some of what it knows to stand may be gone
  for (const auto& folder : touched) {
    auto left = prune(folder);
    if (!left) return left.error();
    standing.insert(std::move(*left));
  }
  for (auto folder = standing.begin(); folder != standing.end();) {  // a later one may have taken it with it
    const auto info = ops_.stat(*folder);
    if (!info) return info.error();
    folder = info->exists ? std::next(folder) : standing.erase(folder);
  }
  if (standing.size() > kFewFolders) {
    if (auto synced = ops_.sync_all(); !synced) return synced.error();
    return out;
  }
  for (const auto& folder : standing)
    if (auto synced = ops_.sync_dir(folder); !synced) return synced.error();
  return out;
}

}  // namespace damsync
