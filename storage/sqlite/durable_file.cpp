#include "storage/sqlite/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace damsync {
namespace {

Error refused(const char* doing, const std::filesystem::path& path) {
  return make_error(ErrorCode::kStorage, fmt::format("cannot {} {}: {}", doing, path.string(), std::strerror(errno)));
}

Status sync_path(const std::filesystem::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return refused("open", path);
  const bool synced = ::fsync(fd) == 0;
  const Status status = synced ? Status() : Status(refused("sync", path));
  ::close(fd);
  return status;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return std::filesystem::absolute(path).parent_path();
}

}  // namespace

Result<FileIdentity> file_identity(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return refused("look at", path);
  return FileIdentity{info.st_dev, info.st_ino};
}

Status create_private_file(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0640);
  if (fd < 0) return refused("create", path);
  const bool mode_set = ::fchmod(fd, 0640) == 0;
  const Status status = mode_set ? Status() : Status(refused("set the mode of", path));
  ::close(fd);
  return status;
}

Status publish_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (auto synced = sync_path(from, O_RDONLY | O_NOFOLLOW); !synced) return synced;
  return move_aside(from, to);
}

Status move_aside(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) return refused("make", to);
  return sync_path(folder_of(to), O_RDONLY | O_DIRECTORY);
}

Status publish_file_over(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (auto synced = sync_path(from, O_RDONLY | O_NOFOLLOW); !synced) return synced;
  if (::rename(from.c_str(), to.c_str()) != 0) return refused("replace", to);
  return sync_path(folder_of(to), O_RDONLY | O_DIRECTORY);
}

Status link_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::link(from.c_str(), to.c_str()) != 0) return refused("make", to);
  return sync_path(folder_of(to), O_RDONLY | O_DIRECTORY);
}

}  // namespace damsync
