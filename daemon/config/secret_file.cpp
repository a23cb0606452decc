#include "daemon/config/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace damsync {
namespace {

Error cannot(const char* what, const std::string& path) {
  return make_error(ErrorCode::kSettings, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Only root can give a file away, and only root would write one that the daemon cannot read.
bool give_to(int fd, const struct stat& owner) {
  return ::geteuid() != 0 || ::fchown(fd, owner.st_uid, owner.st_gid) == 0;
}

/// For its owner alone, but where that is root and a group of somebody else's could read the file: the daemon did.
mode_t mode_like(const struct stat& model) {
  const bool for_group =
      S_ISREG(model.st_mode) && (model.st_mode & S_IRWXO) == 0 && model.st_uid == 0 && model.st_gid != 0;
  return S_IRUSR | S_IWUSR | (for_group ? model.st_mode & S_IRGRP : 0);
}

Status write_new(const std::string& path, const Secret& secret, const struct stat& owner) {
  ::unlink(path.c_str());  // what a crash left
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return cannot("create", path);
  const bool written = write_all(fd, secret.reveal() + "\n") && give_to(fd, owner) &&
                       ::fchmod(fd, mode_like(owner)) == 0 && ::fsync(fd) == 0;
  const Status outcome = written ? Status() : cannot("write", path);
  ::close(fd);
  return outcome;
}

Status sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return cannot("open", folder.string());
  const Status outcome = ::fsync(fd) == 0 ? Status() : cannot("sync", folder.string());
  ::close(fd);
  return outcome;
}

/// Writes beside `target` and renames; the file goes to the owner of `model`, with the mode of the file it replaces.
Status put(const std::filesystem::path& target, const std::filesystem::path& model, const Secret& secret) {
  struct stat owner {};
  if (::stat(model.c_str(), &owner) != 0) return cannot("examine", model.string());
  const std::string fresh = target.string() + ".new";
  if (auto written = write_new(fresh, secret, owner); !written) {
    ::unlink(fresh.c_str());
    return written;
  }
  if (::rename(fresh.c_str(), target.c_str()) != 0) return cannot("replace", target.string());
  return sync_folder(target.parent_path());
}

}  // namespace

Status replace_secret_file(const std::string& path, const Secret& secret) {
  std::error_code failure;
  const auto target = std::filesystem::canonical(path, failure);
  if (failure) return make_error(ErrorCode::kSettings, fmt::format("cannot find {}: {}", path, failure.message()));
  return put(target, target, secret);
}

Status store_secret_file(const std::string& path, const Secret& secret) {
  std::error_code failure;
  if (std::filesystem::exists(path, failure)) return replace_secret_file(path, secret);
  const std::filesystem::path target(path);
  return put(target, target.parent_path(), secret);
}

Status check_secret_place(const std::string& path) {
  std::error_code failure;
  const bool exists = std::filesystem::exists(path, failure);
  const std::filesystem::path target = exists ? std::filesystem::canonical(path, failure) : std::filesystem::path(path);
  if (exists && !std::filesystem::is_regular_file(target, failure))
    return make_error(ErrorCode::kSettings, path + " is not a regular file");
  const std::string folder = target.parent_path().string();
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return cannot("write into", folder);
  return {};
}

}  // namespace damsync
