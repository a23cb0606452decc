#include <algorithm>

#include "storage/files/file_store.h"

namespace damsync {
namespace {

using Visit = std::function<bool(const std::string& path, const FileInfo& info)>;

struct Entry {
  std::string path;
  FileInfo info;

  /// Folders compare as if they ended in a slash: then depth first is path order.
  [[nodiscard]] std::string order() const { return info.directory ? path + "/" : path; }
};

/// False when `visit` asked to stop.
Result<bool> walk_folder(FileOps& ops, const std::string& folder, const Visit& visit) {
  const auto names = ops.list_dir(folder);
  if (!names && names.error().code == ErrorCode::kNotFound && !folder.empty()) return true;  // emptied meanwhile
  if (!names) return names.error();
  std::vector<Entry> entries;
  for (const auto& name : *names) {
    // `.damsync` is ours; `lost+found` belongs to a file system whose root is the store.
    if (folder.empty() && (name == ".damsync" || name == "lost+found")) continue;
    std::string path = folder.empty() ? name : folder + "/" + name;
    const auto info = ops.stat(path);
    if (!info) return info.error();
    if (info->exists) entries.push_back({std::move(path), *info});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.order() < b.order(); });
  for (const auto& entry : entries) {
    if (!entry.info.directory) {
      if (!visit(entry.path, entry.info)) return false;
      continue;
    }
    const auto more = walk_folder(ops, entry.path, visit);
    if (!more || !*more) return more;
  }
  return true;
}

}  // namespace

Status FileStore::walk(const Visit& visit) {
  const auto done = walk_folder(ops_, "", visit);
  return done ? Status() : Status(done.error());
}

}  // namespace damsync
