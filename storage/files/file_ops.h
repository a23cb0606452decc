#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
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
  std::int64_t modified_ns = 0;  ///< when the bytes were last written; nanoseconds since 1970
  std::int64_t changed_ns = 0;   ///< when anything of it last changed, its name included; likewise
  unsigned mode = 0;             ///< permission bits with setuid, setgid and sticky
};

/// True for a path that may be handed to `FileOps`: relative, no empty, `.` or `..` component, no NUL, components of at
/// most 255 bytes, 4095 in all.
bool is_store_path(std::string_view path) noexcept;

/// The file-system calls durability depends on, relative to one root directory that is held open. A path satisfies
/// `is_store_path` and never passes a symbolic link (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, or as openat can);
/// `""` is the root itself, for `sync_dir`, `stat` and `list_dir`.
///
/// Errors   kNotFound when the path is not there; kInvalid when something that does not belong there is in the way (a
///          link, a FIFO, a folder in place of a file, a taken name) or the path is malformed; else kStorage with the
///          call, the path and strerror. ENOSPC and EDQUOT are kStorage too, with "disk full".
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
  /// Gives the regular file at the absolute path `outside` a second name in the store, its bytes synced first; kInvalid
  /// when `to` exists as another file or the file cannot have a second name there (another file system, not ours to
  /// link); ok when it is that file. Does not follow a link at the end of `outside`.
  virtual Status link(const std::string& outside, const std::string& to) = 0;
  /// The same for a regular file of the store, whose bytes are durable already.
  virtual Status second_name(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;  ///< file or empty directory
  /// Makes one directory (0750, setgid inherited); true when it was made, false when it stood there.
  virtual Result<bool> make_dir(const std::string& path) = 0;
  virtual Status sync_dir(const std::string& path) = 0;
  /// Makes all bytes and names written beneath the root so far durable (syncfs): cheaper than many `sync` calls, dearer
  /// than a few. A failure is final for every file it was to cover.
  virtual Status sync_all() = 0;
  virtual Result<FileInfo> stat(const std::string& path) = 0;  ///< `exists=false` is no error; does not follow links
  virtual Result<std::vector<std::string>> list_dir(const std::string& path) = 0;  ///< names, sorted
  /// Takes the advisory lock on a file, made when it is not there (0640), without waiting; kLocked when another process
  /// or handle has it. Held until `close`, or until the process ends in any way.
  virtual Result<int> lock(const std::string& path) = 0;
  /// kGuard when its path does not lead to the root held open (unmounted, replaced); kStorage when nobody can tell.
  virtual Status check_root() = 0;
  virtual Result<std::int64_t> free_bytes() = 0;
};

}  // namespace damsync
