#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/digest.h"
#include "storage/base/result.h"
#include "storage/files/file_ops.h"

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
  /// The first and last bytes, for recognising the type; up to 4 KiB and 64 KiB + 64 bytes. After `seal`: still there.
  [[nodiscard]] std::string_view head() const noexcept { return head_; }
  [[nodiscard]] std::string_view tail() const noexcept { return tail_; }
  /// Reads the sealed or unsealed staged bytes back (header parsing); at most `limit` from the start.
  [[nodiscard]] Result<std::string> read_start(std::size_t limit);

  void release() noexcept { released_ = true; }  ///< published: nothing to remove any more

 private:
  FileOps& ops_;
  std::string path_;
  int handle_;
  std::int64_t bytes_ = 0;
  Sha256 hash_;
  std::string sha256_;
  std::string head_, tail_;
  bool sealed_ = false, released_ = false;
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
/// Errors   kStorage (cannot write or read), kGuard (sentinel missing or of another catalog), kLocked, kLowSpace.
/// Threads  `stage`, `hash` and `free_bytes` from any thread; everything else from one.
class FileStore {
 public:
  explicit FileStore(FileOps& ops) : ops_(ops) {}

  /// First use: makes `.damsync/` and writes the sentinel with `store_id`. Later: the sentinel must be there and match,
  /// else kGuard. Then takes the store lock (kLocked when another process has it).
  Status open(const std::string& store_id, bool known_to_catalog);
  /// Removes leftovers of a crash in `.damsync/staging/`; returns how many.
  Result<std::int64_t> sweep();

  Result<std::unique_ptr<StagedFile>> stage();
  /// Makes sealed files visible, all or in part: rename each (never over an existing name), then fsync every folder
  /// concerned once, new parents included. When it returns ok, all are durable (I1). A name that is taken by the same
  /// bytes counts as published; by other bytes: that file is moved to `.damsync/withdrawn/` first.
  Status publish(std::span<const Publication> batch);
  /// Writes a small file so that it appears whole or not at all, replacing an older one; syncs file and folder.
  Status put_small(const std::string& path, std::string_view bytes);
  /// Several of those with each folder synced once.
  Status put_small(std::span<const std::pair<std::string, std::string>> path_and_bytes);

  /// SHA-256 and length of a file under its final name; nothing when it is not there.
  struct Hashed {
    std::string sha256;
    std::int64_t bytes = 0;
  };
  Result<std::optional<Hashed>> hash(const std::string& path);
  /// Moves a file out of the published tree into `.damsync/withdrawn/` (I8); returns its new path.
  Result<std::string> retire(const std::string& path);
  /// Every published file below the root (not `.damsync/`), in path order.
  Status walk(const std::function<bool(const std::string& path, const FileInfo& info)>& visit);
  Result<std::int64_t> free_bytes() { return ops_.free_bytes(); }

 private:
  FileOps& ops_;
};

}  // namespace damsync
