#include "daemon/http/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace damsync {
namespace {

constexpr std::size_t kMaxDropped = 256 * 1024;

bool is_passing(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

WebConnection::WebConnection(std::uint64_t id, int fd, ListenAddress local)
    : id_(id), fd_(fd), local_(std::move(local)) {}

WebConnection::~WebConnection() { close(); }

void WebConnection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  state_ = State::kClosed;
}

short WebConnection::events() const noexcept {
  switch (state_) {
    case State::kReading:
    case State::kEnding: return POLLIN;
    case State::kAsked:
    case State::kHeld: return POLLRDHUP;
    case State::kWriting: return POLLOUT;
    case State::kClosed: break;
  }
  return 0;
}

void WebConnection::handle(short events) {
  if ((events & (POLLERR | POLLNVAL)) != 0) return close();
  switch (state_) {
    case State::kReading: return read_request();
    case State::kWriting: return write_answer();
    case State::kEnding: return drain();
    case State::kHeld:
    case State::kAsked:
      if ((events & (POLLHUP | POLLRDHUP)) != 0) close();
      return;
    case State::kClosed: return;
  }
}

void WebConnection::read_request() {
  std::array<char, 4096> piece;
  const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
  if (got > 0) {
    reader_.feed({piece.data(), static_cast<std::size_t>(got)});
  } else if (got == 0 || !is_passing(errno)) {
    close();
  }
}

void WebConnection::send(std::string bytes) {
  out_ = std::move(bytes);
  state_ = State::kWriting;
  write_answer();
}

void WebConnection::write_answer() {
  while (sent_ < out_.size()) {
    const auto put = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (put < 0 && is_passing(errno)) return;
    if (put < 0) return close();
    sent_ += static_cast<std::size_t>(put);
  }
  out_ = {};
  ::shutdown(fd_, SHUT_WR);
  state_ = State::kEnding;
}

void WebConnection::drain() {
  std::array<char, 4096> piece;
  const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
  if (got > 0) dropped_ += static_cast<std::size_t>(got);
  const bool over = got == 0 || (got < 0 && !is_passing(errno)) || dropped_ > kMaxDropped;
  if (over) close();
}

}  // namespace damsync
