#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/digest.h"
#include "storage/base/result.h"
#include "storage/files/file_ops.h"
#include "storage/files/folders.h"

namespace damsync {

/// An unfinished file in `.damsync/staging/`, hashed while it is written. Removed when destroyed without being
/// published.
///
/// Errors   kStorage; after a failed write or sync only destruction is left.
/// Threads  one thread at a time; may be handed to another.
class StagedFile {
 public:
  StagedFile(FileOps& ops, std::string path, int handle);
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  Status write(std::span<const char> bytes);
  /// Starts again from nothing (the provider ignored a Range request).
  Status restart();
  /// Mode 0640, fsync, close. The hash and length are final from here.
  Status seal();

  [[nodiscard]] std::int64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }      ///< relative to the store root
  [[nodiscard]] const std::string& sha256() const noexcept { return sha256_; }  ///< after `seal`
  [[nodiscard]] bool sealed() const noexcept { return sealed_; }
  /// The last bytes, up to 64 KiB + 64: for recognising the end of the format. After `seal`: still there.
  [[nodiscard]] std::string_view tail() const noexcept;

  void release() noexcept { released_ = true; }  ///< published: nothing to remove any more
  /// True once `FileStore::publish` has made it visible and durable.
  [[nodiscard]] bool published() const noexcept { return released_; }

 private:
  friend class FileStore;

  /// As `seal`, but the bytes are not durable yet: for many small files that are synced together.
  Status seal_unsynced();
  Status close_sealed();
  Status use(Status outcome);
  void close_quietly();

  FileOps& ops_;
  std::string path_;
  int handle_;  ///< negative: closed
  std::int64_t bytes_ = 0;
  Sha256 hash_;
  std::string sha256_;
  std::string tail_;
  bool sealed_ = false, released_ = false, broken_ = false;
};

/// What is to become visible under which name.
struct Publication {
  StagedFile* staged = nullptr;
  std::string path;  ///< relative to the store root
};

/// The store: everything under one root that a DAM may read.
///
/// A name under the root refers to complete, synced, hash-checked bytes (I1). Layout: `storage/README.md`.
///
/// Errors   kStorage (cannot write or read), kGuard (root replaced, sentinel missing or of another catalog), kLocked;
///          kInvalid for one item that cannot take its place.
/// Threads  any; what changes the published tree happens one call at a time. `open` and `sweep` come before all else.
class FileStore {
 public:
  explicit FileStore(FileOps& ops) : ops_(ops), folders_(ops) {}
  ~FileStore();
  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;

  /// First use: makes `.damsync/` and writes the sentinel with `store_id`. Later: the sentinel must be there and match,
  /// else kGuard. Takes the store lock (kLocked when another process has it). `store_id` must be durable in the catalog
  /// before the first call: a crash between the two is then met by a matching sentinel.
  Status open(const std::string& store_id, bool known_to_catalog);
  /// The id in the sentinel, for a catalog that is being rebuilt; nothing when there is no sentinel.
  Result<std::optional<std::string>> read_store_id();
  /// Removes leftovers of a crash in `.damsync/staging/`; returns how many.
  Result<std::int64_t> sweep();

  Result<std::unique_ptr<StagedFile>> stage();
  /// Makes sealed files visible: rename each (never over an existing name), then sync every folder concerned once, new
  /// parents included, many of them together. When it returns ok, all are durable (I1). A name that is taken by the
  /// same bytes counts as published; by other bytes: that file is moved to `.damsync/withdrawn/` first.
  ///
  /// Errors   kInvalid when some item was refused (a folder, link or FIFO stands in its way): all the others are
  /// durable,
  ///          and `StagedFile::published` tells which. Anything else: none counts as published; doing it again is safe.
  Status publish(std::span<const Publication> batch);
  /// Writes a small file so that it appears whole or not at all, replacing an older one; syncs file and folder.
  Status put_small(const std::string& path, std::string_view bytes);
  /// Several of those with each folder synced once. All or some are replaced when it fails; doing it again is safe.
  Status put_small(std::span<const std::pair<std::string, std::string>> path_and_bytes);
  /// Gives a file outside the store a name in it without copying; its mode and owner stay. kInvalid when `path` is
  /// taken by another file; ok when it is that file already.
  Status link(const std::string& outside, const std::string& path);

  /// Puts a staged, sealed file in the place of the one that has the name, if any; whole or not at all, and durable
  /// when it returns. For files of ours that grow too large for `put_small`.
  Status replace(StagedFile& staged, const std::string& path);

  /// Gives a file of the store a second name in it. `sync_names` makes it durable. kNotFound when nothing is at `from`;
  /// kInvalid when `to` is taken by another file, or the file system knows no second names; ok when it is that file.
  Status add_name(const std::string& from, const std::string& to);
  Status sync_names();
  /// A name to be removed: one of a file that has another, `twin` (I8), or, without a twin, one of a sidecar, which can
  /// be made again.
  struct Surplus {
    std::string path;
    std::string twin;
  };
  /// Removes names and the folders that are empty then; durable when it returns. The answers are in order: ok when the
  /// name is not there any more, kInvalid when it is not what it should be and stays.
  ///
  /// Errors: kStorage, when it cannot be told what was done; doing it again is safe.
  Result<std::vector<Status>> drop_names(std::span<const Surplus> surplus);

  /// SHA-256 and length of a file under its final name; nothing when it is not there.
  struct Hashed {
    std::string sha256;
    std::int64_t bytes = 0;
  };
  Result<std::optional<Hashed>> hash(const std::string& path);
  /// The bytes of a small file under its final name. Errors: kInvalid when it has more than `most`, or is no file.
  Result<std::string> read(const std::string& path, std::int64_t most);
  /// Moves a file out of the published tree into `.damsync/withdrawn/` (I8), under the same path there or, when that is
  /// taken, with an id appended; returns its new path. Doing it again returns the path there; kNotFound when it is in
  /// neither place.
  Result<std::string> retire(const std::string& path);
  /// Everything below the root that is not a folder (not `.damsync/`), in path order; `visit` returns false to stop.
  Status walk(const std::function<bool(const std::string& path, const FileInfo& info)>& visit);
  Result<std::int64_t> free_bytes() { return ops_.free_bytes(); }

 private:
  Status guard_sentinel(const std::string& store_id);
  Status write_sentinel(const std::string& store_id);
  Status place(const Publication& item);
  Status settle_taken(const Publication& item);
  Status drop_name(const Surplus& surplus);
  Result<std::string> prune(std::string folder);
  Status put_chunk(std::span<const std::pair<std::string, std::string>> chunk);
  Result<std::string> move_aside(const std::string& path);
  bool holds(const std::string& path, const StagedFile& staged);

  FileOps& ops_;
  std::mutex placing_;
  Folders folders_;  ///< under `placing_`
  int lock_ = -1;
};

}  // namespace damsync
