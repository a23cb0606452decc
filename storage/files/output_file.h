#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "storage/base/digest.h"
#include "storage/base/result.h"

namespace damsync {

/// What was written into a file.
struct FileDigest {
  std::string sha256;
  std::int64_t bytes = 0;
  bool operator==(const FileDigest&) const = default;
};

/// A new file, written once from front to back and hashed on the way. Text is appended to `buffer()`; `drain` empties
/// it now and then, so that memory does not grow with the file.
///
/// Errors   kStorage with the path and the system's words; the file is of no use then.
/// Threads  one.
/// Durable  when `close` returned ok, its bytes are synced; its name is as durable as its folder.
class OutputFile {
 public:
  /// The name must be free; mode 0640 whatever the umask.
  static Result<OutputFile> create(const std::filesystem::path& path);
  /// Without a name: gone when closed. For what is read back by `copy_into`.
  static Result<OutputFile> create_unnamed(const std::filesystem::path& folder);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  /// Append here.
  [[nodiscard]] std::string& buffer() noexcept { return buffer_; }
  /// To be called after each row: writes when there is enough to write.
  Status drain() { return buffer_.size() < kEnough ? Status() : flush(); }
  /// Writes what is buffered, syncs, closes.
  Result<FileDigest> close();
  /// Appends all that was written so far to another file.
  Status copy_into(OutputFile& target);

 private:
  static constexpr std::size_t kEnough = 256 * 1024;

  OutputFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  Status flush();
  [[nodiscard]] Error refused(const char* doing) const;

  std::filesystem::path path_;
  int fd_ = -1;
  std::string buffer_;
  Sha256 hash_;
  std::int64_t bytes_ = 0;
  bool named_ = true;  ///< only what is kept is hashed
};

/// Writes a whole small file under a name that must be free, and syncs it.
Result<FileDigest> write_new_file(const std::filesystem::path& path, std::string_view text);

/// Reads a file piece by piece; never follows a link. Errors: kNotFound when there is none, kStorage.
Result<FileDigest> digest_file(const std::filesystem::path& path);
/// The whole of a small file. Errors: as `digest_file`; kInvalid when it is longer than `limit`.
Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t limit);

}  // namespace damsync
