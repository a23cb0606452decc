#include "storage/files/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "storage/base/crash_point.h"

namespace damsync {
namespace {

constexpr std::size_t kBlock = 256 * 1024;

Error cannot(const char* doing, const std::filesystem::path& path) {
  const auto code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kStorage;
  return make_error(code, fmt::format("cannot {} {}: {}", doing, path.string(), std::strerror(errno)));
}

/// A descriptor that is closed at the end of its scope.
class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

int open_for_reading(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}

/// Hands every block to `take`, which may end the reading by returning false.
template <class Take>
Status each_block(int fd, const std::filesystem::path& path, Take&& take) {
  struct stat info {};
  const bool small = ::fstat(fd, &info) == 0 && info.st_size < static_cast<off_t>(kBlock);
  std::string block(small ? static_cast<std::size_t>(info.st_size) + 1 : kBlock, '\0');
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, block.data(), block.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read", path);
    if (got == 0) return {};
    at += got;
    if (!take(std::string_view(block.data(), static_cast<std::size_t>(got)))) return {};
  }
}

}  // namespace

Error OutputFile::refused(const char* doing) const {
  return make_error(ErrorCode::kStorage, fmt::format("cannot {} {}: {}", doing, path_.string(), std::strerror(errno)));
}

Result<OutputFile> OutputFile::create(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
  OutputFile file(path, fd);
  if (fd < 0) return file.refused("create");
  if (::fchmod(fd, 0640) != 0) return file.refused("set the mode of");
  file.buffer_.reserve(2 * kEnough);
  return file;
}

Result<OutputFile> OutputFile::create_unnamed(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
  OutputFile file(folder / "(unnamed)", fd);
  file.named_ = false;
  if (fd < 0) return file.refused("create");
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      buffer_(std::move(other.buffer_)),
      hash_(std::move(other.hash_)),
      bytes_(other.bytes_),
      named_(other.named_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(buffer_, other.buffer_);
  std::swap(hash_, other.hash_);
  std::swap(bytes_, other.bytes_);
  std::swap(named_, other.named_);
  return *this;
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status OutputFile::flush() {
  crash_point("output.before_write");
  if (named_) hash_.update(buffer_);
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return refused("write");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  bytes_ += static_cast<std::int64_t>(buffer_.size());
  buffer_.clear();
  return {};
}

Result<FileDigest> OutputFile::close() {
  if (auto flushed = flush(); !flushed) return flushed.error();
  if (::fsync(fd_) != 0) return refused("sync");
  if (::close(std::exchange(fd_, -1)) != 0) return refused("close");
  return FileDigest{hash_.finish_hex(), bytes_};
}

Status OutputFile::copy_into(OutputFile& target) {
  if (auto flushed = flush(); !flushed) return flushed;
  Status drained;
  auto read = each_block(fd_, path_, [&](std::string_view block) {
    target.buffer_ += block;
    drained = target.drain();
    return drained.ok();
  });
  return drained ? read : drained;
}

Result<FileDigest> write_new_file(const std::filesystem::path& path, std::string_view text) {
  auto file = OutputFile::create(path);
  if (!file) return file.error();
  file->buffer() += text;
  return file->close();
}

Result<FileDigest> digest_file(const std::filesystem::path& path) {
  const OpenFile file(open_for_reading(path));
  if (file.fd() < 0) return cannot("open", path);
  Sha256 hash;
  FileDigest out;
  auto read = each_block(file.fd(), path, [&](std::string_view block) {
    hash.update(block);
    out.bytes += static_cast<std::int64_t>(block.size());
    return true;
  });
  if (!read) return read.error();
  out.sha256 = hash.finish_hex();
  return out;
}

Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t limit) {
  const OpenFile file(open_for_reading(path));
  if (file.fd() < 0) return cannot("open", path);
  std::string out;
  auto read = each_block(file.fd(), path, [&](std::string_view block) {
    out += block;
    return out.size() <= limit;
  });
  if (!read) return read.error();
  if (out.size() > limit)
    return make_error(ErrorCode::kInvalid, fmt::format("{} is longer than {} bytes", path.string(), limit));
  return out;
}

}  // namespace damsync
