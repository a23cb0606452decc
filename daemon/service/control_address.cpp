#include "daemon/service/control_address.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0660;
constexpr int kBacklog = 16;
constexpr timeval kConnectTime{5, 0};

/// Where the socket itself goes: the service manager's folder for such things, or beside the catalog.
fs::path socket_path(const fs::path& catalog) {
  const char* runtime = std::getenv("RUNTIME_DIRECTORY");
  if (runtime == nullptr || runtime[0] != '/') return control_path(catalog);
  const std::string first = std::string(runtime).substr(0, std::string(runtime).find(':'));
  return fs::path(first) / "control.sock";
}

/// The address of a path of any length: one that does not fit is reached through its folder, held open.
class SocketAddress {
 public:
  explicit SocketAddress(const fs::path& path) {
    address_.sun_family = AF_UNIX;
    std::string text = path.string();
    if (text.size() >= sizeof address_.sun_path) {
      folder_ = ::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      text = fmt::format("/proc/self/fd/{}/{}", folder_, path.filename().string());
    }
    if (text.size() < sizeof address_.sun_path) std::memcpy(address_.sun_path, text.c_str(), text.size());
  }
  ~SocketAddress() {
    if (folder_ >= 0) ::close(folder_);
  }
  SocketAddress(const SocketAddress&) = delete;
  SocketAddress& operator=(const SocketAddress&) = delete;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  [[nodiscard]] static socklen_t size() { return sizeof(sockaddr_un); }

 private:
  sockaddr_un address_{};
  int folder_ = -1;
};

Error refused(const fs::path& path, const char* doing) {
  return make_error(ErrorCode::kStorage, fmt::format("{} {}: {}", doing, path.string(), std::strerror(errno)));
}

/// Only a socket or a link is ever taken away: the name might be something else's.
void remove_leftover(const fs::path& path) noexcept {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && (S_ISSOCK(info.st_mode) || S_ISLNK(info.st_mode))) ::unlink(path.c_str());
}

}  // namespace

fs::path control_path(const fs::path& catalog) { return catalog.string() + ".sock"; }

Result<int> listen_for_commands(const fs::path& catalog) {
  const fs::path path = socket_path(catalog), name = control_path(catalog);
  remove_leftover(path);
  remove_leftover(name);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return refused(path, "cannot make the socket");
  std::optional<Error> failed;
  ::fchmod(fd, kMode);  // what bind gives the file, less the umask
  const SocketAddress address(path);
  if (::bind(fd, address.get(), SocketAddress::size()) != 0 || ::chmod(path.c_str(), kMode) != 0)
    failed = refused(path, "cannot make the socket");
  else if (::listen(fd, kBacklog) != 0)
    failed = refused(path, "cannot listen on");
  else if (path != name && ::symlink(path.c_str(), name.c_str()) != 0)
    failed = refused(name, "cannot make the link");
  if (!failed) return fd;
  ::close(fd);
  return *failed;
}

void unlink_control_socket(const fs::path& catalog) noexcept {
  remove_leftover(socket_path(catalog));
  remove_leftover(control_path(catalog));
}

Result<int> connect_to_daemon(const fs::path& catalog) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return refused(catalog, "cannot make a socket for");
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kConnectTime, sizeof kConnectTime);  // where others wait already
  const SocketAddress address(control_path(catalog));
  if (::connect(fd, address.get(), SocketAddress::size()) == 0) return fd;
  const int why = errno;
  ::close(fd);
  if (why == ENOENT || why == ECONNREFUSED || why == ENOTDIR)
    return make_error(ErrorCode::kNotFound, "no daemon listens");
  return make_error(ErrorCode::kLocked, fmt::format("the daemon does not answer: {}", std::strerror(why)));
}

}  // namespace damsync
