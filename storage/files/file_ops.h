#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/base/result.h"

namespace damsync {

/// What `FileOps::stat` tells.
struct FileInfo {
  bool exists = false;
  bool regular = false;
  bool directory = false;
  std::int64_t bytes = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  std::uint64_t links = 0;
};

/// The file-system calls durability depends on, relative to one root directory that is held open. A path is relative,
/// has no empty,
/// `.` or `..` component and never passes a symbolic link (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS).
///
/// Errors   kStorage with the call, the path and strerror; ENOSPC and EDQUOT are kStorage too, with "disk full".
///          EINTR and short reads and writes are handled inside.
/// Threads  any thread; one handle in one thread at a time.
class FileOps {
 public:
  virtual ~FileOps() = default;

  /// Creates a new file (O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0600) for writing; returns a handle.
  virtual Result<int> create(const std::string& path) = 0;
  virtual Result<int> open_read(const std::string& path) = 0;  ///< regular files only, never blocks on a FIFO
  virtual Status write(int handle, std::span<const char> bytes) = 0;
  virtual Result<std::size_t> read(int handle, std::span<char> into) = 0;  ///< 0 at the end
  virtual Status sync(int handle) = 0;                                     ///< fsync; a failure is final for the file
  virtual Status set_mode(int handle, unsigned mode) = 0;
  virtual Status close(int handle) = 0;
  /// Atomic; kInvalid when `to` exists (RENAME_NOREPLACE).
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  /// Atomic; replaces `to`.
  virtual Status rename_over(const std::string& from, const std::string& to) = 0;
  virtual Status link(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;  ///< file or empty directory
  /// Makes one directory (0750, setgid inherited); true when it was made, false when it stood there.
  virtual Result<bool> make_dir(const std::string& path) = 0;
  virtual Status sync_dir(const std::string& path) = 0;
  virtual Result<FileInfo> stat(const std::string& path) = 0;  ///< `exists=false` is no error; does not follow links
  virtual Result<std::vector<std::string>> list_dir(const std::string& path) = 0;  ///< names, sorted
  virtual Result<std::int64_t> free_bytes() = 0;
};

}  // namespace damsync
