#include "storage/files/file_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/clock.h"
#include "storage/base/crash_point.h"
#include "storage/base/text.h"
#include "storage/base/ulid.h"

namespace damsync {
namespace {

const std::string kOwnFolder = ".damsync";
const std::string kStaging = ".damsync/staging";
const std::string kWithdrawn = ".damsync/withdrawn";
const std::string kSentinel = ".damsync/sentinel";
const std::string kLock = ".damsync/lock";

constexpr std::size_t kReadBuffer = std::size_t{1} << 20;
/// Small files staged at a time: bounds what one failure costs.
constexpr std::size_t kChunk = 256;
/// Above this one sync of the file system is cheaper than one of each file.
constexpr std::size_t kFewFiles = 4;

std::string new_id() { return make_ulid(SystemClock().utc()); }

Status refuse_own(const std::string& path) {
  if (is_store_path(path) && path != kOwnFolder && !path.starts_with(kOwnFolder + "/")) return {};
  return make_error(ErrorCode::kInvalid, fmt::format("'{}' cannot be a published path", printable(path)));
}

/// What is planted among our own folders is not one item's trouble: a person must look.
Status as_guard(Status outcome) {
  if (outcome.ok() || outcome.error().code != ErrorCode::kInvalid) return outcome;
  return make_error(ErrorCode::kGuard, outcome.error().message);
}

/// A folder that vanished under our hands; kNotFound is for what the caller asked about.
Status as_storage(Status outcome) {
  if (outcome.ok() || outcome.error().code != ErrorCode::kNotFound) return outcome;
  return retryable(ErrorCode::kStorage, outcome.error().message);
}

}  // namespace

FileStore::~FileStore() {
  if (lock_ >= 0) (void)ops_.close(lock_);
}

Status FileStore::open(const std::string& store_id, bool known_to_catalog) {
  const auto sentinel = ops_.stat(kSentinel);
  if (!sentinel) return as_guard(sentinel.error());
  if (!sentinel->exists && known_to_catalog)
    return make_error(
        ErrorCode::kGuard,
        "the store root has no .damsync/sentinel, though the catalog knows this store; is its disk mounted?");
  for (const auto& folder : {kStaging, kWithdrawn})
    if (auto made = folders_.ensure(folder); !made) return as_guard(made);
  if (auto synced = folders_.sync(); !synced) return synced;
  if (lock_ < 0) {
    const auto lock = ops_.lock(kLock);
    if (!lock) return as_guard(lock.error());
    lock_ = *lock;
  }
  return sentinel->exists ? guard_sentinel(store_id) : write_sentinel(store_id);
}

Result<std::optional<std::string>> FileStore::read_store_id() {
  const auto handle = ops_.open_read(kSentinel);
  if (!handle && handle.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  if (!handle) return as_guard(handle.error()).error();
  std::string text(256, '\0');
  const auto count = ops_.read(*handle, text);
  (void)ops_.close(*handle);
  if (!count) return count.error();
  text.resize(*count);
  return std::optional(text.substr(0, text.find('\n')));
}

Status FileStore::guard_sentinel(const std::string& store_id) {
  const auto found = read_store_id();
  if (!found) return found.error();
  if (*found == store_id) return {};
  return make_error(
      ErrorCode::kGuard,
      fmt::format("the store belongs to another catalog: .damsync/sentinel says '{}', "
                  "the catalog '{}'; correct store.root, or bring the catalog back by `damsync db restore FILE` or "
                  "`damsync db rebuild`",
                  printable(found->value_or("")), store_id));
}

Status FileStore::write_sentinel(const std::string& store_id) {
  auto staged = stage();
  if (!staged) return staged.error();
  const std::string text =
      store_id + "\nThe store of damsync. Leave this file here: without it the disk counts as not mounted.\n";
  if (auto written = (*staged)->write(text); !written) return written;
  if (auto sealed = (*staged)->seal(); !sealed) return sealed;
  if (auto renamed = ops_.rename((*staged)->path(), kSentinel); !renamed) return renamed;
  crash_point("sentinel.renamed");
  folders_.touch(kOwnFolder);
  if (auto synced = folders_.sync(); !synced) return synced;
  (*staged)->release();
  crash_point("sentinel.synced");
  return {};
}

Result<std::int64_t> FileStore::sweep() {
  const auto names = ops_.list_dir(kStaging);
  if (!names) return names.error();
  std::int64_t count = 0;
  for (const auto& name : *names) {
    const auto removed = ops_.remove(kStaging + "/" + name);
    // A folder with something in it is not ours; it harms nobody there.
    if (!removed && removed.error().code != ErrorCode::kInvalid) return removed.error();
    if (removed) ++count;
  }
  return count;
}

Result<std::unique_ptr<StagedFile>> FileStore::stage() {
  if (auto root = ops_.check_root(); !root) return root.error();
  const std::string path = kStaging + "/" + new_id();
  const auto handle = ops_.create(path);
  if (!handle) return as_storage(handle.error()).error();
  crash_point("staged.created");
  return std::make_unique<StagedFile>(ops_, path, *handle);
}

Status FileStore::publish(std::span<const Publication> batch) {
  const std::lock_guard alone(placing_);
  if (auto root = ops_.check_root(); !root) return root;
  Status refused;
  std::vector<StagedFile*> visible;
  for (const auto& item : batch) {
    auto placed = place(item);
    if (placed) {
      visible.push_back(item.staged);
    } else if (placed.error().code == ErrorCode::kInvalid) {
      if (refused) refused = placed;
    } else {
      folders_.forget();
      return as_storage(placed);
    }
  }
  if (auto synced = folders_.sync(); !synced) return synced;
  for (auto* staged : visible) staged->release();
  crash_point("publish.synced");
  return refused;
}

Status FileStore::place(const Publication& item) {
  if (!item.staged->sealed()) return make_error(ErrorCode::kInternal, "a file that is not sealed was to be published");
  if (auto allowed = refuse_own(item.path); !allowed) return allowed;
  const std::string folder = folder_of(item.path);
  if (auto made = folders_.ensure(folder); !made) return made;
  auto renamed = ops_.rename(item.staged->path(), item.path);
  if (!renamed && renamed.error().code == ErrorCode::kInvalid) renamed = settle_taken(item);
  if (!renamed) return renamed;
  folders_.touch(folder);
  crash_point("publish.renamed");
  return {};
}

Status FileStore::settle_taken(const Publication& item) {
  const auto info = ops_.stat(item.path);
  if (!info) return info.error();
  if (!info->regular)
    return make_error(
        ErrorCode::kInvalid,
        fmt::format("{} is no regular file, something else has its name; move it away", printable(item.path)));
  // A second name elsewhere could change the bytes behind our back, so such a file is not taken for ours.
  if (info->links == 1 && info->bytes == item.staged->bytes() && holds(item.path, *item.staged))
    return ops_.remove(item.staged->path());
  if (auto moved = move_aside(item.path); !moved) return moved.error();
  // The old bytes are safe under their new name before their old name is given away.
  if (auto synced = folders_.sync(); !synced) return synced;
  return ops_.rename(item.staged->path(), item.path);
}

bool FileStore::holds(const std::string& path, const StagedFile& staged) {
  const auto found = hash(path);
  if (!found || !*found || (*found)->sha256 != staged.sha256()) return false;
  const auto handle = ops_.open_read(path);
  if (!handle) return false;
  const bool synced = ops_.sync(*handle).ok();
  return ops_.close(*handle).ok() && synced;
}

Status FileStore::put_small(const std::string& path, std::string_view bytes) {
  const std::pair<std::string, std::string> one(path, bytes);
  return put_small(std::span(&one, 1));
}

Status FileStore::put_small(std::span<const std::pair<std::string, std::string>> path_and_bytes) {
  const std::lock_guard alone(placing_);
  if (auto root = ops_.check_root(); !root) return root;
  while (!path_and_bytes.empty()) {
    const auto chunk = path_and_bytes.first(std::min(path_and_bytes.size(), kChunk));
    if (auto put = put_chunk(chunk); !put) {
      folders_.forget();
      return as_storage(put);
    }
    path_and_bytes = path_and_bytes.subspan(chunk.size());
  }
  if (auto synced = folders_.sync(); !synced) return synced;
  crash_point("put_small.synced");
  return {};
}

Status FileStore::put_chunk(std::span<const std::pair<std::string, std::string>> chunk) {
  std::vector<std::unique_ptr<StagedFile>> staged;
  const bool together = chunk.size() > kFewFiles;
  for (const auto& [path, bytes] : chunk) {
    if (auto allowed = refuse_own(path); !allowed) return allowed;
    auto file = stage();
    if (!file) return file.error();
    staged.push_back(std::move(*file));
    if (auto written = staged.back()->write(bytes); !written) return written;
    if (auto sealed = together ? staged.back()->seal_unsynced() : staged.back()->seal(); !sealed) return sealed;
  }
  if (together)
    if (auto synced = ops_.sync_all(); !synced) return synced;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    const std::string folder = folder_of(chunk[i].first);
    if (auto made = folders_.ensure(folder); !made) return made;
    folders_.touch(folder);
    if (auto renamed = ops_.rename_over(staged[i]->path(), chunk[i].first); !renamed) return renamed;
    staged[i]->release();
    crash_point("put_small.renamed");
  }
  return {};
}

Status FileStore::link(const std::string& outside, const std::string& path) {
  const std::lock_guard alone(placing_);
  if (auto root = ops_.check_root(); !root) return root;
  if (auto allowed = refuse_own(path); !allowed) return allowed;
  const std::string folder = folder_of(path);
  if (auto made = folders_.ensure(folder); !made) return made;
  folders_.touch(folder);
  if (auto linked = ops_.link(outside, path); !linked) {
    folders_.forget();
    return linked;
  }
  crash_point("link.linked");
  return folders_.sync();
}

Result<std::optional<FileStore::Hashed>> FileStore::hash(const std::string& path) {
  const auto handle = ops_.open_read(path);
  if (!handle && handle.error().code == ErrorCode::kNotFound) return std::optional<Hashed>();
  if (!handle) return handle.error();
  const auto buffer = std::make_unique_for_overwrite<char[]>(kReadBuffer);
  Sha256 hash;
  Hashed out;
  Status failure;
  while (failure) {
    const auto count = ops_.read(*handle, std::span(buffer.get(), kReadBuffer));
    if (!count) failure = count.error();
    if (!count || *count == 0) break;
    hash.update(std::span(buffer.get(), *count));
    out.bytes += static_cast<std::int64_t>(*count);
  }
  (void)ops_.close(*handle);  // nothing was written: closing cannot lose anything
  if (!failure) return failure.error();
  out.sha256 = hash.finish_hex();
  return std::optional(std::move(out));
}

Result<std::string> FileStore::read(const std::string& path, std::int64_t most) {
  const auto handle = ops_.open_read(path);
  if (!handle) return handle.error();
  const auto buffer = std::make_unique_for_overwrite<char[]>(kReadBuffer);
  std::string bytes;
  Status failure;
  while (failure) {
    const auto count = ops_.read(*handle, std::span(buffer.get(), kReadBuffer));
    if (!count) failure = count.error();
    if (!count || *count == 0) break;
    bytes.append(buffer.get(), *count);
    if (static_cast<std::int64_t>(bytes.size()) > most)
      failure = make_error(ErrorCode::kInvalid, fmt::format("{} has more than {} bytes", printable(path), most));
  }
  (void)ops_.close(*handle);
  if (!failure) return failure.error();
  return bytes;
}

Result<std::string> FileStore::retire(const std::string& path) {
  const std::lock_guard alone(placing_);
  if (auto root = ops_.check_root(); !root) return root.error();
  if (auto allowed = refuse_own(path); !allowed) return allowed.error();
  const auto info = ops_.stat(path);
  if (!info) return info.error();
  if (!info->exists) {
    const std::string there = kWithdrawn + "/" + path;
    const auto moved = ops_.stat(there);
    if (!moved) return moved.error();
    if (moved->exists) return there;
    return make_error(ErrorCode::kNotFound, fmt::format("{} is not in the store", printable(path)));
  }
  auto moved = move_aside(path);
  if (!moved) {
    folders_.forget();
    return moved;
  }
  if (auto synced = folders_.sync(); !synced) return synced.error();
  crash_point("retire.synced");
  return moved;
}

Result<std::string> FileStore::move_aside(const std::string& path) {
  std::string to = kWithdrawn + "/" + path;
  const std::string folder = folder_of(to);
  if (auto made = folders_.ensure(folder); !made) return made.error();
  folders_.touch(folder);
  folders_.touch(folder_of(path));
  auto renamed = ops_.rename(path, to);
  if (!renamed && renamed.error().code == ErrorCode::kInvalid) {
    to += "." + new_id();
    renamed = ops_.rename(path, to);
  }
  if (!renamed) return renamed.error();
  crash_point("retire.renamed");
  return to;
}

}  // namespace damsync
