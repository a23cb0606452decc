#include "storage/files/posix_file_ops.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "storage/base/text.h"
#include "storage/files/folders.h"

namespace damsync {
namespace {

constexpr mode_t kFolderMode = 0750;

/// A descriptor that is closed with its owner.
class Fd {
 public:
  explicit Fd(int value = -1) : value_(value) {}
  Fd(Fd&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Fd() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int get() const noexcept { return value_; }
  [[nodiscard]] bool ok() const noexcept { return value_ >= 0; }
  int release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_;
};

template <class Call>
auto uninterrupted(Call call) {
  auto outcome = call();
  while (outcome < 0 && errno == EINTR) outcome = call();
  return outcome;
}

Error io_error(const char* call, const std::string& path, int number) {
  const std::string where = path.empty() ? "the store root" : printable(path);
  const auto error = [&](ErrorCode code) {
    return make_error(code, fmt::format("{} {}: {}", call, where, std::strerror(number)));
  };
  switch (number) {
    case ENOENT: return error(ErrorCode::kNotFound);
    case EEXIST:
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ELOOP:
    case EXDEV:
    case ENAMETOOLONG: return error(ErrorCode::kInvalid);
    case ENOSPC:
    case EDQUOT:
      return retryable(ErrorCode::kStorage, fmt::format("{} {}: disk full ({})", call, where, std::strerror(number)));
    case EMFILE:
    case ENFILE: return retryable(ErrorCode::kStorage, error(ErrorCode::kStorage).message);
    default: return error(ErrorCode::kStorage);
  }
}

std::int64_t nanoseconds(const struct timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileInfo to_info(const struct stat& s) {
  return FileInfo{.exists = true,
                  .regular = S_ISREG(s.st_mode),
                  .directory = S_ISDIR(s.st_mode),
                  .bytes = s.st_size,
                  .inode = s.st_ino,
                  .device = s.st_dev,
                  .links = s.st_nlink,
                  .modified_ns = nanoseconds(s.st_mtim),
                  .changed_ns = nanoseconds(s.st_ctim),
                  .mode = s.st_mode & 07777};
}

class PosixFileOps final : public FileOps {
 public:
  PosixFileOps(std::string root_path, Fd root, const struct stat& identity)
      : root_path_(std::move(root_path)), root_(std::move(root)), device_(identity.st_dev), inode_(identity.st_ino) {}

  Result<int> create(const std::string& path) override {
    auto fd = open_beneath("create", path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (!fd) return fd.error();
    return fd->release();
  }

  Result<int> open_read(const std::string& path) override {
    auto fd = open_beneath("open", path, O_RDONLY | O_NONBLOCK, 0);
    if (!fd) return fd.error();
    struct stat info {};
    if (::fstat(fd->get(), &info) != 0) return io_error("fstat", path, errno);
    if (!S_ISREG(info.st_mode))
      return make_error(ErrorCode::kInvalid, fmt::format("open {}: not a regular file", printable(path)));
    ::posix_fadvise(fd->get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return fd->release();
  }

  Status write(int handle, std::span<const char> bytes) override {
    while (!bytes.empty()) {
      const auto count = uninterrupted([&] { return ::write(handle, bytes.data(), bytes.size()); });
      if (count < 0) return io_error("write", name_of(handle), errno);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<std::size_t> read(int handle, std::span<char> into) override {
    std::size_t filled = 0;
    while (filled < into.size()) {
      const auto count = uninterrupted([&] { return ::read(handle, into.data() + filled, into.size() - filled); });
      if (count < 0) return io_error("read", name_of(handle), errno);
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    return filled;
  }

  Status sync(int handle) override {
    // Not repeated after a failure, EINTR included: the kernel may have dropped the pages it could not write.
    if (::fsync(handle) != 0) return io_error("fsync", name_of(handle), errno);
    return {};
  }

  Status set_mode(int handle, unsigned mode) override {
    if (::fchmod(handle, mode) != 0) return io_error("fchmod", name_of(handle), errno);
    return {};
  }

  Status close(int handle) override {
    // Linux has closed the descriptor even when it reports EINTR.
    if (::close(handle) != 0 && errno != EINTR) return io_error("close", "a file of the store", errno);
    return {};
  }

  Status rename(const std::string& from, const std::string& to) override { return move(from, to, RENAME_NOREPLACE); }
  Status rename_over(const std::string& from, const std::string& to) override { return move(from, to, 0); }

  Status link(const std::string& outside, const std::string& to) override {
    const Fd source(
        uninterrupted([&] { return ::open(outside.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); }));
    if (!source.ok()) return io_error("open", outside, errno);
    struct stat info {};
    if (::fstat(source.get(), &info) != 0) return io_error("fstat", outside, errno);
    if (!S_ISREG(info.st_mode))
      return make_error(ErrorCode::kInvalid, fmt::format("link {}: not a regular file", printable(outside)));
    if (::fsync(source.get()) != 0) return io_error("fsync", outside, errno);
    return give_name(source.get(), outside, to);
  }

  Status second_name(const std::string& from, const std::string& to) override {
    const auto source = open_beneath("open", from, O_RDONLY | O_NONBLOCK, 0);
    if (!source) return source.error();
    struct stat info {};
    if (::fstat(source->get(), &info) != 0) return io_error("fstat", from, errno);
    if (!S_ISREG(info.st_mode))
      return make_error(ErrorCode::kInvalid, fmt::format("link {}: not a regular file", printable(from)));
    return give_name(source->get(), from, to);
  }

  Status remove(const std::string& path) override {
    const auto place = parent_of("remove", path);
    if (!place) return place.error();
    if (::unlinkat(place->folder.get(), place->name.c_str(), 0) == 0) return {};
    if (errno != EISDIR) return io_error("remove", path, errno);
    if (::unlinkat(place->folder.get(), place->name.c_str(), AT_REMOVEDIR) != 0) return io_error("rmdir", path, errno);
    return {};
  }

  Result<bool> make_dir(const std::string& path) override {
    const auto place = parent_of("mkdir", path);
    if (!place) return place.error();
    if (::mkdirat(place->folder.get(), place->name.c_str(), kFolderMode) == 0) {
      if (auto fixed = fix_folder_mode(path); !fixed) return fixed.error();
      return true;
    }
    if (errno != EEXIST) return io_error("mkdir", path, errno);
    const auto info = stat(path);
    if (!info) return info.error();
    if (info->directory) return false;
    return make_error(ErrorCode::kInvalid,
                      fmt::format("mkdir {}: something else has this name; move it away", printable(path)));
  }

  Status sync_dir(const std::string& path) override {
    const auto fd = open_beneath("open", path, O_RDONLY | O_DIRECTORY, 0);
    if (!fd) return fd.error();
    if (::fsync(fd->get()) != 0) return io_error("fsync", path, errno);
    return {};
  }

  Status sync_all() override {
    if (::syncfs(root_.get()) != 0) return io_error("syncfs", "", errno);
    return {};
  }

  Result<FileInfo> stat(const std::string& path) override {
    struct stat info {};
    if (path.empty()) {
      if (::fstat(root_.get(), &info) != 0) return io_error("stat", path, errno);
      return to_info(info);
    }
    const auto place = parent_of("stat", path);
    if (!place && place.error().code == ErrorCode::kNotFound) return FileInfo{};
    if (!place) return place.error();
    if (::fstatat(place->folder.get(), place->name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) return to_info(info);
    if (errno == ENOENT) return FileInfo{};
    return io_error("stat", path, errno);
  }

  Result<std::vector<std::string>> list_dir(const std::string& path) override {
    auto fd = open_beneath("open", path, O_RDONLY | O_DIRECTORY, 0);
    if (!fd) return fd.error();
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd->get()), ::closedir);
    if (!stream) return io_error("opendir", path, errno);
    fd->release();
    std::vector<std::string> names;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return io_error("readdir", path, errno);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<int> lock(const std::string& path) override {
    auto fd = open_beneath("open", path, O_RDWR | O_CREAT | O_NONBLOCK, 0640);
    if (!fd) return fd.error();
    if (uninterrupted([&] { return ::flock(fd->get(), LOCK_EX | LOCK_NB); }) == 0) return fd->release();
    if (errno == EWOULDBLOCK)
      return make_error(ErrorCode::kLocked, fmt::format("another damsync works on the store {}", root_path_));
    return io_error("flock", path, errno);
  }

  Status check_root() override {
    struct stat info {};
    const bool seen = ::stat(root_path_.c_str(), &info) == 0;
    if (seen && info.st_dev == device_ && info.st_ino == inode_) return {};
    if (!seen && errno != ENOENT && errno != ENOTDIR)
      return make_error(ErrorCode::kStorage,
                        fmt::format("the store root {} cannot be looked at: {}", root_path_, std::strerror(errno)));
    return make_error(
        ErrorCode::kGuard,
        fmt::format("the store root {} was replaced or unmounted while in use; mount it again", root_path_));
  }

  Result<std::int64_t> free_bytes() override {
    struct statvfs info {};
    if (uninterrupted([&] { return ::fstatvfs(root_.get(), &info); }) != 0) return io_error("statvfs", "", errno);
    return static_cast<std::int64_t>(info.f_bavail) * static_cast<std::int64_t>(info.f_frsize);
  }

 private:
  /// An open folder and a name in it: what the *at calls take.
  struct Place {
    Fd folder;
    std::string name;
  };

  Result<Fd> open_beneath(const char* call, const std::string& path, int flags, mode_t mode) {
    if (!path.empty() && !is_store_path(path))
      return make_error(ErrorCode::kInvalid, fmt::format("{}: '{}' is no path of the store", call, printable(path)));
    Fd fd = step_by_step_ ? Fd() : open_at_once(path, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    // A sandbox may refuse openat2 because its rules cannot look into it; systemd's RestrictSUIDSGID= is one.
    const bool refused = !fd.ok() && (step_by_step_ || errno == ENOSYS || errno == EPERM);
    if (refused && errno == ENOSYS) step_by_step_ = true;
    if (refused) fd = open_step_by_step(path, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    if (!fd.ok()) return io_error(call, path, errno);
    return fd;
  }

  /// Both set errno.
  Fd open_at_once(const std::string& path, int flags, mode_t mode) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const char* name = path.empty() ? "." : path.c_str();
    // EAGAIN: a folder on the way was renamed meanwhile, so the kernel could not prove that it stayed beneath.
    constexpr int kAttempts = 16;
    int fd = -1;
    for (int attempt = 0; attempt <= kAttempts; ++attempt) {
      fd = static_cast<int>(uninterrupted([&] { return ::syscall(SYS_openat2, root_.get(), name, &how, sizeof how); }));
      if (fd >= 0 || errno != EAGAIN) break;
    }
    return Fd(fd);
  }

  /// The same with openat alone: a path of the store has no `..`, and no folder on the way may be a link.
  Fd open_step_by_step(const std::string& path, int flags, mode_t mode) {
    Fd folder;
    std::size_t from = 0;
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', from)) {
      const int above = folder.ok() ? folder.get() : root_.get();
      const std::string name = path.substr(from, slash - from);
      Fd next(
          uninterrupted([&] { return ::openat(above, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }));
      if (!next.ok()) return next;
      folder = std::move(next);
      from = slash + 1;
    }
    const int above = folder.ok() ? folder.get() : root_.get();
    const char* name = path.empty() ? "." : path.c_str() + from;
    Fd out(uninterrupted([&] { return ::openat(above, name, flags, mode); }));
    const int number = errno;  // closing the folder must not change it
    folder = Fd();
    errno = number;
    return out;
  }

  Result<Place> parent_of(const char* call, const std::string& path) {
    if (!is_store_path(path))
      return make_error(ErrorCode::kInvalid, fmt::format("{}: '{}' is no path of the store", call, printable(path)));
    const std::string folder = folder_of(path);
    auto fd = open_beneath(call, folder, O_PATH | O_DIRECTORY, 0);
    if (!fd) return fd.error();
    return Place{std::move(*fd), path.substr(folder.empty() ? 0 : folder.size() + 1)};
  }

  Status move(const std::string& from, const std::string& to, unsigned flags) {
    const auto source = parent_of("rename", from);
    if (!source) return source.error();
    const auto target = parent_of("rename", to);
    if (!target) return target.error();
    if (::renameat2(source->folder.get(), source->name.c_str(), target->folder.get(), target->name.c_str(), flags) == 0)
      return {};
    const int number = errno;
    return io_error("rename", number == ENOENT ? from : to, number);
  }

  /// mkdir's mode is cut by the umask. chmod would drop an inherited setgid bit, so it is put back.
  Status fix_folder_mode(const std::string& path) {
    const auto fd = open_beneath("open", path, O_RDONLY | O_DIRECTORY, 0);
    if (!fd) return fd.error();
    struct stat info {};
    if (::fstat(fd->get(), &info) != 0) return io_error("fstat", path, errno);
    if ((info.st_mode & 0777) == kFolderMode) return {};
    if (::fchmod(fd->get(), (info.st_mode & 07000) | kFolderMode) != 0) return io_error("fchmod", path, errno);
    return {};
  }

  /// The path of an open file, for messages.
  std::string name_of(int handle) {
    char target[4096];
    const int number = errno;
    const auto length = ::readlink(fmt::format("/proc/self/fd/{}", handle).c_str(), target, sizeof target);
    errno = number;
    return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : "a file of the store";
  }

  /// By descriptor: the file's own name may lead elsewhere by now.
  Status give_name(int source, const std::string& named, const std::string& to) {
    struct stat info {};
    if (::fstat(source, &info) != 0) return io_error("fstat", named, errno);
    const auto place = parent_of("link", to);
    if (!place) return place.error();
    const std::string self = fmt::format("/proc/self/fd/{}", source);
    if (::linkat(AT_FDCWD, self.c_str(), place->folder.get(), place->name.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
    const int number = errno;
    struct stat there {};
    if (number == EEXIST && ::fstatat(place->folder.get(), place->name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        there.st_ino == info.st_ino && there.st_dev == info.st_dev)
      return {};
    if (number == EXDEV)
      return make_error(ErrorCode::kInvalid, fmt::format("link {}: on another file system; copy it", printable(named)));
    if (number == EPERM || number == EMLINK || number == EOPNOTSUPP)
      return make_error(ErrorCode::kInvalid,
                        fmt::format("link {}: {}; copy it", printable(named), std::strerror(number)));
    return io_error("link", to, number);
  }

  std::string root_path_;
  Fd root_;
  std::atomic<bool> step_by_step_ = false;  ///< openat2 is not to be had
  dev_t device_;
  ino_t inode_;
};

Status make_root(const std::string& path) {
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST)
    return make_error(
        ErrorCode::kStorage,
        fmt::format("cannot make the store root {}: {}; make its parent folder first", path, std::strerror(errno)));
  // setgid: the folders below belong to the group of the root, so that a DAM of that group can read.
  if (::chmod(path.c_str(), 02750) != 0)
    return make_error(ErrorCode::kStorage, fmt::format("chmod {}: {}", path, std::strerror(errno)));
  const std::string parent = folder_of(path).empty() ? "/" : folder_of(path);
  const Fd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok() || ::fsync(fd.get()) != 0)
    return make_error(ErrorCode::kStorage, fmt::format("fsync {}: {}", parent, std::strerror(errno)));
  return {};
}

}  // namespace

Result<std::unique_ptr<FileOps>> open_store_root(const std::string& path, MissingRoot missing) {
  std::string root = path;
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  if (!root.starts_with('/'))
    return make_error(ErrorCode::kSettings,
                      fmt::format("the store root '{}' must be an absolute path", printable(path)));
  const auto open_root = [&] { return ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); };
  Fd fd(open_root());
  if (!fd.ok() && errno == ENOENT) {
    if (missing == MissingRoot::kGuard)
      return make_error(
          ErrorCode::kGuard,
          fmt::format("the store root {} is missing, though the catalog knows it; is its disk mounted?", root));
    if (auto made = make_root(root); !made) return made.error();
    fd = Fd(open_root());
  }
  struct stat info {};
  if (!fd.ok() || ::fstat(fd.get(), &info) != 0)
    return make_error(ErrorCode::kStorage,
                      fmt::format("cannot open the store root {}: {}", root, std::strerror(errno)));
  return std::unique_ptr<FileOps>(std::make_unique<PosixFileOps>(root, std::move(fd), info));
}

}  // namespace damsync
