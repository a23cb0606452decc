#include "daemon/service/control_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "daemon/cli/exit_code.h"
#include "daemon/service/control_address.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

constexpr std::size_t kLongestRequest = 64 * 1024;
constexpr std::chrono::seconds kRequestTime{5};
constexpr timeval kSendTime{5, 0};

void wake_up(int event) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(event, &one, sizeof one);
}

/// A request is on its way to its thread.
bool has_input(int fd) {
  pollfd ready{fd, POLLIN, 0};
  return ::poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0;
}

bool send_line(int fd, const Json& json) {
  const std::string line = write_json(json) + "\n";
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// The first line that a client sends; nothing when it is too long, too late or not there.
std::optional<std::string> read_line(int fd) {
  const auto end = std::chrono::steady_clock::now() + kRequestTime;
  std::string line;
  char part[4096];
  while (line.size() <= kLongestRequest) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd ready{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return std::nullopt;
    const ssize_t got = ::recv(fd, part, sizeof part, MSG_DONTWAIT);
    if (got <= 0) return std::nullopt;
    line.append(part, static_cast<std::size_t>(got));
    if (const auto at = line.find('\n'); at != std::string::npos) {
      line.resize(at);
      return line;
    }
  }
  return std::nullopt;
}

ControlServer::Asker asker_at(int fd) {
  ucred who{};
  socklen_t size = sizeof who;
  const bool known = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0;
  return known && (who.uid == 0 || who.uid == ::geteuid()) ? ControlServer::Asker::kOwner
                                                           : ControlServer::Asker::kOther;
}

/// Asks for a stop when the client closes its end, as long as this lives.
class HangupWatch {
 public:
  HangupWatch(int fd, std::stop_source stop)
      : over_(::eventfd(0, EFD_CLOEXEC)), thread_([fd, over = over_, stop = std::move(stop)]() mutable {
          pollfd watched[2] = {{fd, 0, 0}, {over, POLLIN, 0}};
          while (::poll(watched, 2, -1) < 0) continue;
          if (watched[0].revents != 0) stop.request_stop();
        }) {}
  ~HangupWatch() {
    wake_up(over_);
    thread_.join();
    ::close(over_);
  }
  HangupWatch(const HangupWatch&) = delete;
  HangupWatch& operator=(const HangupWatch&) = delete;

 private:
  int over_;
  std::thread thread_;
};

}  // namespace

Json control_error(const Error& error) {
  return Json::object({{"error", Json::object({{"code", to_word(error.code)}, {"message", error.message}})},
                       {"exit_code", static_cast<int>(exit_code_for(error.code))}});
}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(const std::filesystem::path& catalog, Handler handler) {
  const auto listener = listen_for_commands(catalog);
  if (!listener) return listener.error();
  return std::unique_ptr<ControlServer>(new ControlServer(catalog, *listener, std::move(handler)));
}

ControlServer::ControlServer(std::filesystem::path catalog, int listener, Handler handler)
    : catalog_(std::move(catalog)),
      listener_(listener),
      wake_(::eventfd(0, EFD_CLOEXEC)),
      handler_(std::move(handler)),
      thread_([this](const std::stop_token& stop) { accept_loop(stop); }) {}

ControlServer::~ControlServer() {
  thread_.request_stop();
  wake_up(wake_);
  thread_.join();
  unlink_control_socket(catalog_);
  ::close(listener_);
  ::close(wake_);
}

void ControlServer::accept_loop(const std::stop_token& stop) {
  pollfd watched[2] = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
  while (!stop.stop_requested()) {
    if (::poll(watched, 2, -1) < 0 || watched[0].revents == 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    reap();
    if (fd >= 0)
      take(fd);
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(100));  // out of descriptors: do not spin
  }
  for (auto& connection : connections_) {
    connection.thread.request_stop();
    ::shutdown(connection.fd, SHUT_RD);
  }
  for (auto& connection : connections_) {
    connection.thread.join();
    ::close(connection.fd);
  }
}

void ControlServer::take(int fd) {
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kSendTime, sizeof kSendTime);
  const Asker asker = asker_at(fd);
  if (connections_.size() >= kMostConnections && !drop_silent(asker)) {
    send_line(fd, control_error(make_error(ErrorCode::kLocked, "the daemon is busy with other commands; try later")));
    ::close(fd);
    return;
  }
  Connection& connection = connections_.emplace_back();
  connection.fd = fd;
  connection.asker = asker;
  connection.thread = std::jthread([this, &connection](const std::stop_token& stop) { serve(connection, stop); });
}

/// Nobody but the owner himself takes a place from the owner.
bool ControlServer::drop_silent(Asker newcomer) {
  return drop_oldest_silent(Asker::kOther) || (newcomer == Asker::kOwner && drop_oldest_silent(Asker::kOwner));
}

bool ControlServer::drop_oldest_silent(Asker asker) {
  for (auto at = connections_.begin(); at != connections_.end(); ++at) {
    auto silent = Stage::kSilent;
    if (at->asker != asker || has_input(at->fd)) continue;
    if (!at->stage.compare_exchange_strong(silent, Stage::kDropped)) continue;
    ::shutdown(at->fd, SHUT_RDWR);
    at->thread.join();
    ::close(at->fd);
    connections_.erase(at);
    return true;
  }
  return false;
}

void ControlServer::reap() {
  connections_.remove_if([](Connection& connection) {
    if (!connection.over) return false;
    connection.thread.join();
    ::close(connection.fd);
    return true;
  });
}

void ControlServer::serve(Connection& connection, const std::stop_token& stop) {
  const auto line = read_line(connection.fd);
  auto silent = Stage::kSilent;
  if (line && connection.stage.compare_exchange_strong(silent, Stage::kAsked)) {
    const auto request = parse_json(*line);
    if (request && request->is_object())
      answer(connection, *request, stop);
    else
      send_line(connection.fd, control_error(make_error(ErrorCode::kUsage, "the request is no JSON object")));
  }
  ::shutdown(connection.fd, SHUT_RDWR);
  connection.over = true;
}

void ControlServer::answer(const Connection& connection, const Json& request, const std::stop_token& stop) {
  const int fd = connection.fd;
  std::stop_source source;
  const std::stop_callback with_us(stop, [&source] { source.request_stop(); });
  const HangupWatch watch(fd, source);
  const Tell tell = [fd, &source](const Json& line) {
    pollfd ready{fd, POLLOUT, 0};
    if (::poll(&ready, 1, 0) == 1 && ready.revents == POLLOUT && !send_line(fd, line)) source.request_stop();
  };
  send_line(fd, handler_(request, connection.asker, tell, source.get_token()));
}

}  // namespace damsync
