#include "sync/adopt/source_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "storage/base/digest.h"
#include "storage/files/folders.h"
#include "storage/files/posix_file_ops.h"

namespace damsync {
namespace {

constexpr std::size_t kReadBuffer = 256 * 1024;
constexpr std::size_t kTail = 64 * 1024 + 64;

std::string absolute(const std::string& path) {
  std::error_code failure;
  auto full = std::filesystem::absolute(path, failure).lexically_normal().string();
  while (full.size() > 1 && full.back() == '/') full.pop_back();
  return full;
}

/// The folder a path lies in without any symbolic link, and the name in it: what is last may be a link itself.
std::string with_real_folder(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path full(path);
  if (!full.has_filename()) return path;
  const auto folder = std::filesystem::weakly_canonical(full.parent_path(), failure);
  return failure ? path : (folder / full.filename()).string();
}

bool is_within(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder == "/" ? folder : folder + "/");
}

bool same_file(const FileInfo& a, const FileInfo& b) {
  return b.exists && a.inode == b.inode && a.device == b.device && a.bytes == b.bytes && a.modified_ns == b.modified_ns;
}

Error unreadable(const Error& error) { return make_error(ErrorCode::kInvalid, "it cannot be read: " + error.message); }

/// A handle that is closed in the end.
class Reader {
 public:
  Reader(FileOps& ops, int handle) : ops_(ops), handle_(handle) {}
  ~Reader() { (void)ops_.close(handle_); }  // nothing was written: closing cannot lose anything
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  Result<std::size_t> read(std::span<char> into) { return ops_.read(handle_, into); }

 private:
  FileOps& ops_;
  int handle_;
};

void keep_tail(std::string& tail, std::span<const char> bytes) {
  tail.append(bytes.data(), bytes.size());
  if (tail.size() > 2 * kTail) tail.erase(0, tail.size() - kTail);
}

}  // namespace

std::string SourceFile::name() const { return shown.substr(shown.rfind('/') + 1); }

SourceTree::SourceTree(std::string store_root, StoreFilter offered) : offered_(std::move(offered)) {
  std::error_code failure;
  const auto real = std::filesystem::weakly_canonical(store_root, failure);
  store_root_ = absolute(failure ? store_root : real.string());
}

Status SourceTree::add(const std::string& path, std::stop_token stop) {
  const std::string full = with_real_folder(absolute(path));
  const bool inside = is_within(full, store_root_);
  if (inside && (!offered_ || is_within(full, store_root_ + "/.damsync")))
    return make_error(ErrorCode::kUsage,
                      fmt::format("{} lies in the store; adopt takes files from outside, and with --copy those of the "
                                  "store that the catalog does not know",
                                  path));
  std::error_code failure;
  const auto type = std::filesystem::symlink_status(full, failure).type();
  if (type == std::filesystem::file_type::not_found) return fault(full, "there is no such file or folder"), Status();
  if (type == std::filesystem::file_type::symlink)
    return fault(full, "it is a symbolic link; name what it leads to"), Status();
  const bool folder = type == std::filesystem::file_type::directory;
  const std::string root = folder || full == "/" ? full : std::filesystem::path(full).parent_path().string();
  auto tree = open_store_root(root, MissingRoot::kGuard);
  if (!tree) return fault(full, "its folder cannot be read: " + tree.error().message), Status();
  trees_.push_back(std::move(*tree));
  FileOps& ops = *trees_.back();
  if (folder) return walk(ops, root, "", stop);
  const std::string name = full.substr(full.rfind('/') + 1);
  const auto info = ops.stat(name);
  if (!info) return fault(full, info.error().message), Status();
  entry(ops, root, name, *info);
  return {};
}

void SourceTree::fault(const std::string& path, std::string why) {
  if (seen_.insert(path).second) files_.push_back({nullptr, "", path, {}, std::move(why)});
}

Status SourceTree::walk(FileOps& tree, const std::string& root, const std::string& folder, std::stop_token stop) {
  if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
  const std::string shown = folder.empty() ? root : (root == "/" ? root : root + "/") + folder;
  if (shown == store_root_ ? root != store_root_ : shown == store_root_ + "/.damsync") return {};
  const auto names = tree.list_dir(folder);
  if (!names) return fault(shown, "the folder cannot be read: " + names.error().message), Status();
  for (const auto& name : *names) {
    const std::string path = folder.empty() ? name : folder + "/" + name;
    const auto info = tree.stat(path);
    if (!info) {
      fault(shown + "/" + name, info.error().message);
      continue;
    }
    if (!info->directory) {
      entry(tree, root, path, *info);
      continue;
    }
    if (auto walked = walk(tree, root, path, stop); !walked) return walked;
  }
  return {};
}

void SourceTree::entry(FileOps& tree, const std::string& root, const std::string& path, const FileInfo& info) {
  SourceFile file{&tree, path, (root == "/" ? root : root + "/") + path, info, ""};
  if (!info.exists) return;  // gone since the folder was listed
  if (is_within(file.shown, store_root_) && !offered_(file.shown.substr(store_root_.size() + 1))) return;
  if (!info.regular) file.fault = "it is no regular file; links, FIFOs, sockets and devices are left alone";
  if (seen_.insert(file.shown).second) files_.push_back(std::move(file));
}

Result<SourceReading> read_source(const SourceFile& file, StagedFile* copy, std::stop_token stop) {
  const auto handle = file.tree->open_read(file.path);
  if (!handle) return unreadable(handle.error());
  Reader reader(*file.tree, *handle);
  const auto buffer = std::make_unique_for_overwrite<char[]>(kReadBuffer);
  MediaProbe probe;
  Sha256 hash;
  std::string tail;
  SourceReading out;
  while (true) {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    const auto count = reader.read(std::span(buffer.get(), kReadBuffer));
    if (!count) return unreadable(count.error());
    if (*count == 0) break;
    const std::span<const char> bytes(buffer.get(), *count);
    probe.feed(bytes);
    hash.update(bytes);
    keep_tail(tail, bytes);
    out.bytes += static_cast<std::int64_t>(*count);
    if (copy != nullptr)
      if (auto written = copy->write(bytes); !written) return written.error();
  }
  const auto now = file.tree->stat(file.path);
  if (!now || !same_file(file.info, *now) || out.bytes != file.info.bytes)
    return make_error(ErrorCode::kInvalid, "it changed while it was read; try again");
  if (auto whole = probe.check_end(std::string_view(tail).substr(tail.size() - std::min(tail.size(), kTail))); !whole)
    return make_error(ErrorCode::kInvalid, whole.error().message);
  out.media = probe.facts();
  out.sha256 = hash.finish_hex();
  return out;
}

Status remove_source(const SourceFile& file) {
  const auto now = file.tree->stat(file.path);
  if (!now) return now.error();
  if (!same_file(file.info, *now))
    return make_error(ErrorCode::kInvalid, "it changed since it was read, so it was not removed");
  if (auto removed = file.tree->remove(file.path); !removed) return removed;
  return file.tree->sync_dir(folder_of(file.path));
}

}  // namespace damsync
