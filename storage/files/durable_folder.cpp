#include "storage/files/durable_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "storage/base/crash_point.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

Error refused(const char* doing, const fs::path& path) {
  return make_error(ErrorCode::kStorage, fmt::format("cannot {} {}: {}", doing, path.string(), std::strerror(errno)));
}

Status sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return refused("open", folder);
  const Status status = ::fsync(fd) == 0 ? Status() : Status(refused("sync", folder));
  ::close(fd);
  return status;
}

}  // namespace

Result<FolderLock> FolderLock::take(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return refused("open", folder);
  FolderLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return refused("lock", folder);
  return make_error(ErrorCode::kLocked, fmt::format("another damsync is writing into {}; try later", folder.string()));
}

FolderLock::FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

Status make_folder(const fs::path& folder) {
  if (folder.empty() || fs::is_directory(folder)) return {};
  const auto above = fs::absolute(folder).parent_path();
  if (auto made = make_folder(above); !made) return made;
  if (::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) return refused("make", folder);
  if (!fs::is_directory(folder)) return refused("make", folder);
  return sync_folder(above);
}

Status publish_folder(const fs::path& from, const fs::path& to) {
  if (auto synced = sync_folder(from); !synced) return synced;
  crash_point("folder.before_rename");
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) return refused("make", to);
  crash_point("folder.after_rename");
  return sync_folder(fs::absolute(to).parent_path());
}

Status replace_link(const fs::path& link, const std::string& target) {
  const auto fresh = link.parent_path() / ("." + link.filename().string() + ".new");
  ::unlink(fresh.c_str());  // what a crash left
  if (const auto there = fs::symlink_status(link); fs::exists(there) && !fs::is_symlink(there)) {
    errno = EEXIST;
    return refused("replace what is no link,", link);
  }
  if (::symlink(target.c_str(), fresh.c_str()) != 0) return refused("make", fresh);
  if (::rename(fresh.c_str(), link.c_str()) != 0) return refused("replace", link);
  return sync_folder(fs::absolute(link).parent_path());
}

}  // namespace damsync
