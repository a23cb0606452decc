#include "storage/files/instance_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace damsync {
namespace {

Error failed(const char* call, const std::string& path) {
  return make_error(ErrorCode::kStorage, fmt::format("{} {}: {}", call, path, std::strerror(errno)));
}

/// What the holder wrote into the file, for the message; it decides nothing.
std::string holder_of(int fd) {
  char text[16];
  const auto length = ::pread(fd, text, sizeof text, 0);
  std::string digits;
  for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "unknown" : digits;
}

}  // namespace

Result<InstanceLock> InstanceLock::take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0640);
  if (fd < 0) return failed("open", path);
  InstanceLock lock(fd);
  int locked = ::flock(fd, LOCK_EX | LOCK_NB);
  while (locked != 0 && errno == EINTR) locked = ::flock(fd, LOCK_EX | LOCK_NB);
  if (locked != 0 && errno == EWOULDBLOCK)
    return make_error(ErrorCode::kLocked,
                      fmt::format("another damsync (process {}) holds {}; try again later", holder_of(fd), path));
  if (locked != 0) return failed("flock", path);
  if (::fchmod(fd, 0640) != 0) return failed("fchmod", path);
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) return failed("write", path);
  return lock;
}

InstanceLock::InstanceLock(InstanceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

InstanceLock& InstanceLock::operator=(InstanceLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

InstanceLock::~InstanceLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace damsync
