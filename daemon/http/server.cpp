#include "daemon/http/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

namespace damsync {
namespace {

constexpr Millis kEndTime{1000};     ///< for a client to read an answer that is out
constexpr Millis kAcceptPause{100};  ///< when there are no descriptors
constexpr Millis kWarnPause{60'000};
constexpr int kAcceptsATurn = 32;  ///< so that who was taken is read before many others are

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

socklen_t fill(const ListenAddress& address, SocketAddress& out) {
  out = {};
  if (address.v6) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.host.c_str(), &out.v6.sin6_addr);
    return sizeof out.v6;
  }
  out.v4.sin_family = AF_INET;
  out.v4.sin_port = htons(address.port);
  ::inet_pton(AF_INET, address.host.c_str(), &out.v4.sin_addr);
  return sizeof out.v4;
}

/// The address a socket of ours is bound to.
std::optional<ListenAddress> local_address(int fd) {
  SocketAddress bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd, &bound.any, &size) != 0) return std::nullopt;
  char host[INET6_ADDRSTRLEN] = {};
  const bool v6 = bound.any.sa_family == AF_INET6;
  const void* bytes = v6 ? static_cast<const void*>(&bound.v6.sin6_addr) : &bound.v4.sin_addr;
  if (::inet_ntop(bound.any.sa_family, bytes, host, sizeof host) == nullptr) return std::nullopt;
  const auto port = std::to_string(ntohs(v6 ? bound.v6.sin6_port : bound.v4.sin_port));
  const auto address = parse_listen_address(v6 ? "[" + std::string(host) + "]:" + port : host + (":" + port));
  return address ? std::optional(*address) : std::nullopt;
}

/// Signals are for the main thread: those of a thread made while this lives stay blocked.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

WebServer::WebServer(Options options, WebHandler& handler, const Clock& clock, Log& log)
    : options_(std::move(options)),
      handler_(handler),
      clock_(clock),
      log_(log),
      rules_(options_.address, options_.names),
      signal_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

WebServer::~WebServer() {
  stop();
  ::close(signal_);
}

Status WebServer::start() {
  if (auto listening = listen(); !listening) return listening;
  stop_ = false;
  const SignalsBlocked blocked;
  worker_ = std::make_unique<WebWorker>(handler_, log_, [this] { signal(); });
  thread_ = std::thread([this] { run(); });
  return {};
}

Status WebServer::listen() {
  SocketAddress address{};
  const auto size = fill(options_.address, address);
  listener_ = ::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  bool ok = listener_ >= 0 && ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
  if (ok && options_.address.v6) ok = ::setsockopt(listener_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
  ok = ok && ::bind(listener_, &address.any, size) == 0 && ::listen(listener_, SOMAXCONN) == 0;
  if (ok) {
    if (const auto bound = local_address(listener_)) options_.address.port = bound->port;
    return {};
  }
  const int failure = errno;
  if (listener_ >= 0) ::close(std::exchange(listener_, -1));
  const std::string where = fmt::format("cannot listen on {} for HTTP: ", options_.address.text());
  // What a port or an address lacks now it may have soon: the service is started again.
  if (failure == EADDRINUSE)
    return retryable(ErrorCode::kUnavailable,
                     where + "another program uses it; end that one, or change http.listen (\"\" switches it off)");
  const std::string what = where + std::strerror(failure) + "; see http.listen in the settings";
  return failure == EADDRNOTAVAIL ? retryable(ErrorCode::kUnavailable, what) : make_error(ErrorCode::kSettings, what);
}

void WebServer::stop() {
  if (!thread_.joinable()) return;
  stop_ = true;
  signal();
  thread_.join();
  worker_.reset();
}

void WebServer::wake() {
  ++changes_;
  signal();
}

void WebServer::signal() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(signal_, &one, sizeof one);
}

WebServer::Counts WebServer::counts() const {
  Counts counts;
  for (std::size_t i = 0; i < answers_.size(); ++i) counts.answers[i] = answers_[i];
  counts.dropped = dropped_;
  counts.unaccepted = unaccepted_;
  counts.turns = turns_;
  return counts;
}

void WebServer::run() {
  while (!stop_) poll_once();
  for (auto& connection : connections_)
    if (connection->state() == State::kAsked || connection->state() == State::kHeld)
      answer(*connection, problem(503, "damsync is stopping; ask again when it is back"), clock_.steady());
  connections_.clear();
  ::close(std::exchange(listener_, -1));
}

int WebServer::wait_time(SteadyTime now) const {
  std::optional<SteadyTime> soonest;
  const auto consider = [&](SteadyTime time) { soonest = soonest ? std::min(*soonest, time) : time; };
  for (const auto& connection : connections_) {
    if (connection->state() != State::kAsked) consider(connection->until);
    if (connection->state() == State::kHeld && connection->changes_seen != changes_) consider(wake_from_);
  }
  if (accept_from_ > now) consider(accept_from_);
  if (!soonest) return -1;
  return static_cast<int>(std::max<std::int64_t>(0, std::chrono::ceil<Millis>(*soonest - now).count()));
}

/// One turn: waits until something is to be done, and does all of it.
void WebServer::poll_once() {
  const auto before = clock_.steady();
  std::vector<pollfd> ready = {{signal_, POLLIN, 0}, {accept_from_ > before ? -1 : listener_, POLLIN, 0}};
  for (const auto& connection : connections_) ready.push_back({connection->fd(), connection->events(), 0});
  if (::poll(ready.data(), ready.size(), wait_time(before)) < 0) return;
  ++turns_;
  const auto now = clock_.steady();
  std::uint64_t signals = 0;
  if (ready[0].revents != 0) [[maybe_unused]]
    const auto got = ::read(signal_, &signals, sizeof signals);
  for (std::size_t i = 0; i < connections_.size(); ++i)
    if (ready[i + 2].revents != 0) advance(*connections_[i], ready[i + 2].revents, now);
  take_outcomes(now);
  wake_held(now);
  expire(now);
  sweep();
  if (ready[1].revents != 0) accept_all(now);
}

void WebServer::accept_all(SteadyTime now) {
  const auto newcomers_from = next_id_;
  for (int taken = 0; taken < kAcceptsATurn; ++taken) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      adopt(fd, newcomers_from, now);
      continue;
    }
    const bool out_of_resources = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (!out_of_resources) return;
    // The connection stays in the queue and would wake the loop at once: so it looks away for a moment.
    ++unaccepted_;
    if (now >= warn_from_) {
      log_.warning("http.accept_failed", {{"reason", std::strerror(errno)}});
      warn_from_ = now + kWarnPause;
    }
    drop_oldest(newcomers_from);
    accept_from_ = now + kAcceptPause;
    return;
  }
}

void WebServer::adopt(int fd, std::uint64_t newcomers_from, SteadyTime now) {
  const auto local = local_address(fd);
  const bool room = connections_.size() < options_.limits.connections || drop_oldest(newcomers_from);
  if (!local || !room) {
    ::close(fd);
    ++dropped_;
    return;
  }
  connections_.push_back(std::make_unique<WebConnection>(next_id_++, fd, *local));
  connections_.back()->until = now + options_.limits.read_time;
}

/// Room for a newcomer: first of those who wait for a change and are more than their share, then who has not asked
/// anything yet, who was answered, who waits. Who came in this turn had no chance to ask.
bool WebServer::drop_oldest(std::uint64_t newcomers_from) {
  const auto held = std::count_if(connections_.begin(), connections_.end(),
                                  [](const auto& connection) { return connection->state() == State::kHeld; });
  const bool too_many_held = static_cast<std::size_t>(held) > options_.limits.held;
  for (const State state : {too_many_held ? State::kHeld : State::kReading, State::kReading, State::kEnding,
                            State::kHeld, State::kWriting}) {
    const auto victim = std::find_if(connections_.begin(), connections_.end(), [&](const auto& connection) {
      return connection->state() == state && connection->id() < newcomers_from;
    });
    if (victim == connections_.end()) continue;
    if (state != State::kEnding) ++dropped_;
    connections_.erase(victim);
    return true;
  }
  return false;
}

void WebServer::advance(WebConnection& connection, short events, SteadyTime now) {
  const State before = connection.state();
  connection.handle(events);
  if (before == State::kReading && connection.reader().state() != RequestReader::State::kMore &&
      connection.state() == State::kReading)
    return judge(connection, now);
  if (before == State::kWriting && connection.state() == State::kEnding) connection.until = now + kEndTime;
  if (connection.state() == State::kClosed && before != State::kEnding) {
    ++dropped_;
    if (before == State::kAsked) worker_->forget(connection.id());
  }
}

void WebServer::judge(WebConnection& connection, SteadyTime now) {
  const RequestReader& reader = connection.reader();
  connection.request = std::make_shared<const WebRequest>(reader.request());
  if (reader.state() == RequestReader::State::kRefused) return answer(connection, problem(reader.refusal()), now);
  if (const auto refusal = rules_.refusal(*connection.request, connection.local()))
    return answer(connection, problem(*refusal), now);
  if (const auto at_once = answer_at_once(*connection.request)) return answer(connection, *at_once, now);
  connection.asked_at = now;
  ask(connection, now);
}

std::optional<WebAnswer> WebServer::answer_at_once(const WebRequest& request) {
  try {
    return handler_.answer_at_once(request);
  } catch (const std::exception& error) {
    log_.error("http.failed", {{"path", request.path}, {"reason", error.what()}});
    return problem(500, "the answer could not be made; the log says why");
  }
}

void WebServer::ask(WebConnection& connection, SteadyTime now) {
  connection.set_state(State::kAsked);
  connection.changes_seen = changes_;
  const auto waited = std::chrono::duration_cast<Millis>(now - connection.asked_at);
  worker_->ask({connection.id(), connection.request, waited});
}

void WebServer::answer(WebConnection& connection, const WebAnswer& answer, SteadyTime now) {
  const auto digit = static_cast<std::size_t>(answer.status / 100);
  ++answers_[digit < answers_.size() ? digit : 5];
  if (log_.enabled(LogLevel::kDebug) && connection.request)
    log_.debug("http.answered", {{"path", connection.request->path}, {"status", std::to_string(answer.status)}});
  const bool head_only = connection.request && connection.request->method == "HEAD";
  connection.send(serialize(answer, head_only ? AnswerPart::kHeadOnly : AnswerPart::kWhole, clock_.utc()));
  connection.until = now + (connection.state() == State::kEnding ? kEndTime : options_.limits.write_time);
}

void WebServer::take_outcomes(SteadyTime now) {
  for (auto& outcome : worker_->take()) {
    const auto asked = std::find_if(connections_.begin(), connections_.end(), [&](const auto& connection) {
      return connection->id() == outcome.connection && connection->state() == State::kAsked;
    });
    if (asked == connections_.end()) continue;
    if (outcome.reply.answer) {
      answer(**asked, *outcome.reply.answer, now);
    } else {
      (*asked)->set_state(State::kHeld);
      (*asked)->until = now + outcome.reply.hold;
    }
  }
}

void WebServer::wake_held(SteadyTime now) {
  if (now < wake_from_) return;
  bool woken = false;
  for (auto& connection : connections_)
    if (connection->state() == State::kHeld && connection->changes_seen != changes_) {
      ask(*connection, now);
      woken = true;
    }
  if (woken) wake_from_ = now + options_.limits.wake_pause;
}

void WebServer::expire(SteadyTime now) {
  for (auto& connection : connections_) {
    if (now < connection->until) continue;
    switch (connection->state()) {
      case State::kReading: answer(*connection, problem(408, "the request did not come in time"), now); break;
      case State::kHeld: ask(*connection, now); break;
      case State::kWriting:
        ++dropped_;
        connection->close();
        break;
      case State::kEnding: connection->close(); break;
      case State::kAsked:
      case State::kClosed: break;
    }
  }
}

void WebServer::sweep() {
  std::erase_if(connections_, [](const auto& connection) { return connection->state() == State::kClosed; });
}

}  // namespace damsync
