#include "tests/simulators/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <stdexcept>

namespace damsync {
namespace {

constexpr std::size_t kMaxHead = 64u << 10;
constexpr std::size_t kMaxBody = 16u << 20;

int listen_on_loopback(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error("simulator: no socket");
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, generic, size) != 0 || ::listen(fd, 512) != 0 || ::getsockname(fd, generic, &size) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    throw std::runtime_error("simulator: cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + why);
  }
  port = ntohs(address.sin_port);
  return fd;
}

bool receive_more(int fd, std::string& buffer) {
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t got = ::recv(fd, chunk.data(), chunk.size(), 0);
    if (got > 0) {
      buffer.append(chunk.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (got < 0 && errno == EINTR) continue;
    return false;
  }
}

/// The length of the request's body; nothing when it cannot be known.
std::optional<std::size_t> body_length(const SimRequest& request) {
  if (request.header("Transfer-Encoding") != nullptr) return std::nullopt;
  const std::string* text = request.header("Content-Length");
  if (text == nullptr) return 0;
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc() || end != text->data() + text->size() || length > kMaxBody) return std::nullopt;
  return length;
}

bool wants_close(const SimRequest& request) {
  const std::string* connection = request.header("Connection");
  return connection != nullptr && (*connection == "close" || *connection == "Close");
}

void reset_connection(int fd) {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

SimServer::SimServer(Handler handler, std::uint16_t port) : handler_(std::move(handler)), port_(port) {
  listener_ = listen_on_loopback(port_);
  acceptor_ = std::thread([this] { accept_loop(); });
}

SimServer::~SimServer() { stop(); }

std::string SimServer::base_url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void SimServer::stop() {
  if (stopping_.exchange(true)) return;
  ::shutdown(listener_, SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    stop_requested_.notify_all();
    for (auto& connection : connections_) {
      if (!connection.done) ::shutdown(connection.fd, SHUT_RDWR);
    }
  }
  // No lock here: the threads take it to say that they are done, and nobody else changes the list any more.
  for (auto& connection : connections_) connection.thread.join();
  connections_.clear();
}

void SimServer::accept_loop() {
  while (!stopping_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (stopping_) return;
      pause(Millis(10));  // out of descriptors: connections that end make room
      continue;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_taken_;
    reap_finished();
    const std::lock_guard lock(mutex_);
    Connection& connection = connections_.emplace_back();
    connection.fd = fd;
    connection.thread = std::thread([this, &connection] { serve(connection); });
  }
}

void SimServer::reap_finished() {
  std::list<Connection> finished;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = connections_.begin(); it != connections_.end();) {
      const auto next = std::next(it);
      if (it->done) finished.splice(finished.end(), connections_, it);
      it = next;
    }
  }
  for (auto& connection : finished) connection.thread.join();
}

void SimServer::serve(Connection& connection) {
  std::string buffer;
  while (!stopping_ && answer_one(connection.fd, buffer)) {
  }
  const std::lock_guard lock(mutex_);
  ::close(connection.fd);
  connection.done = true;
}

bool SimServer::answer_one(int fd, std::string& buffer) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (buffer.size() > kMaxHead || !receive_more(fd, buffer)) return false;
  }
  auto request = parse_request_head(std::string_view(buffer).substr(0, end));
  buffer.erase(0, end + 4);
  SimResponse refusal;
  refusal.bad.close = true;
  if (!request) {
    refusal.status = 400;
    return send_response(fd, refusal, {});
  }
  const auto length = body_length(*request);
  if (!length) {
    refusal.status = 411;
    return send_response(fd, refusal, *request);
  }
  if (request->header("Expect") != nullptr && !send_all(fd, "HTTP/1.1 100 Continue\r\n\r\n", {}, {})) return false;
  while (buffer.size() < *length) {
    if (!receive_more(fd, buffer)) return false;
  }
  request->body = buffer.substr(0, *length);
  buffer.erase(0, *length);
  return answer(fd, *request);
}

bool SimServer::answer(int fd, const SimRequest& request) {
  SimResponse response;
  try {
    response = handler_(request);
  } catch (const std::exception& error) {
    response.status = 500;
    response.set_body(std::string("simulator: ") + error.what() + "\n", "text/plain");
  }
  return send_response(fd, response, request) && !wants_close(request);
}

bool SimServer::send_response(int fd, const SimResponse& response, const SimRequest& request) {
  const SimMisbehaviour& bad = response.bad;
  if (bad.delay.count() > 0 && !pause(bad.delay)) return false;
  if (bad.gate) {
    bad.gate->arrive();
    while (!bad.gate->wait(Millis(20))) {
      if (stopping_) return false;
    }
  }
  if (bad.reset && !bad.cut_after) {
    reset_connection(fd);
    return false;
  }
  if (bad.raw) {
    send_all(fd, *bad.raw, {}, {});
    if (bad.reset) reset_connection(fd);
    return false;
  }
  const std::string head = write_response_head(response);
  if (request.method == "HEAD") return send_all(fd, head, {}, {});
  const bool sent = send_body(fd, response, head);
  if (bad.reset) reset_connection(fd);
  return sent && !bad.close && !bad.no_length && !bad.cut_after && !bad.declared_length;
}

bool SimServer::send_body(int fd, const SimResponse& response, std::string_view head) {
  const std::string_view body = response.body;
  const std::string_view tail = response.tail ? std::string_view(*response.tail) : std::string_view();
  std::size_t left = response.body_size();
  if (response.bad.cut_after) left = std::min(left, *response.bad.cut_after);
  const std::size_t body_skip = std::min(response.skip, body.size());
  const std::size_t tail_skip = std::min(response.skip - body_skip, tail.size());
  std::string_view first = body.substr(body_skip, left);
  std::string_view second = tail.substr(tail_skip, left - first.size());
  if (response.bad.drip_bytes == 0) return send_all(fd, head, first, second);

  if (!send_all(fd, head, {}, {})) return false;
  while (!first.empty() || !second.empty()) {
    std::string_view& source = first.empty() ? second : first;
    const std::size_t size = std::min(source.size(), response.bad.drip_bytes);
    if (!send_all(fd, source.substr(0, size), {}, {}) || !pause(response.bad.drip_pause)) return false;
    source.remove_prefix(size);
  }
  return true;
}

bool SimServer::send_all(int fd, std::string_view head, std::string_view first, std::string_view second) {
  std::array<std::string_view, 3> parts{head, first, second};
  for (;;) {
    std::array<iovec, 3> vectors{};
    std::size_t used = 0;
    for (const auto& part : parts) {
      if (!part.empty()) vectors[used++] = {const_cast<char*>(part.data()), part.size()};
    }
    if (used == 0) return true;
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = used;
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes_sent_ += static_cast<std::uint64_t>(sent);
    auto rest = static_cast<std::size_t>(sent);
    for (auto& part : parts) {
      const std::size_t step = std::min(rest, part.size());
      part.remove_prefix(step);
      rest -= step;
    }
  }
}

bool SimServer::pause(Millis duration) {
  std::unique_lock lock(mutex_);
  stop_requested_.wait_for(lock, duration, [&] { return stopping_.load(); });
  return !stopping_;
}

}  // namespace damsync
