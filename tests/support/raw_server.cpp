#include "tests/support/raw_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

namespace damsync {

namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)>;

ContextPtr make_context(const RawTls& tls) {
  ContextPtr context(::SSL_CTX_new(::TLS_server_method()), &::SSL_CTX_free);
  const auto bio = [](const std::string& pem) {
    return std::unique_ptr<BIO, decltype(&::BIO_free)>(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                       &::BIO_free);
  };
  const auto certificate_text = bio(tls.identity.certificate);
  const auto key_text = bio(tls.identity.key);
  X509* certificate = ::PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key = ::PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr);
  ::SSL_CTX_use_certificate(context.get(), certificate);
  ::SSL_CTX_use_PrivateKey(context.get(), key);
  ::X509_free(certificate);
  ::EVP_PKEY_free(key);
  if (tls.max_version != 0) {
    ::SSL_CTX_set_security_level(context.get(), 0);
    ::SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    ::SSL_CTX_set_max_proto_version(context.get(), tls.max_version);
    ::SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  }
  return context;
}

}  // namespace

struct RawServer::State {
  Play play;
  ContextPtr context{nullptr, &::SSL_CTX_free};
  int listener = -1;
  std::uint16_t port = 0;
  std::atomic<bool> stopping{false};
  std::atomic<int> connections{0};
  std::mutex mutex;
  std::set<int> open;
  std::vector<std::string> requests;
  std::vector<std::thread> threads;
  std::thread acceptor;

  void listen();
  void accept_all();
  void serve(int fd);
};

class RawServer::Peer final : public RawPeer {
 public:
  Peer(State& state, int fd) : state_(state), fd_(fd) {
    if (state_.context) ssl_ = ::SSL_new(state_.context.get());
    if (ssl_ != nullptr) ::SSL_set_fd(ssl_, fd_);
  }
  ~Peer() override {
    if (ssl_ != nullptr && !cut_) ::SSL_shutdown(ssl_);
    ::SSL_free(ssl_);
    ::ERR_clear_error();
    const std::lock_guard lock(state_.mutex);
    state_.open.erase(fd_);
    ::close(fd_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool handshake() { return ssl_ == nullptr || ::SSL_accept(ssl_) == 1; }

  std::string read_request() override {
    std::string text;
    std::size_t expected = std::string::npos;
    std::array<char, 4096> space;
    while (text.size() < expected) {
      const long got =
          ssl_ != nullptr ? ::SSL_read(ssl_, space.data(), space.size()) : ::recv(fd_, space.data(), space.size(), 0);
      if (got <= 0) return {};
      text.append(space.data(), static_cast<std::size_t>(got));
      if (const std::size_t end = text.find("\r\n\r\n"); end != std::string::npos) {
        const std::size_t length = text.find("Content-Length: ");
        expected = end + 4 + (length < end ? std::stoul(text.substr(length + 16)) : 0);
      }
    }
    const std::lock_guard lock(state_.mutex);
    state_.requests.push_back(text);
    return text;
  }

  bool send(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::size_t size = std::min<std::size_t>(bytes.size(), 1 << 16);
      const long sent = ssl_ != nullptr ? ::SSL_write(ssl_, bytes.data(), static_cast<int>(size))
                                        : ::send(fd_, bytes.data(), size, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void drip(std::string_view bytes, Millis pause) override {
    for (const char byte : bytes)
      if (!send({&byte, 1}) || left_within(pause)) return;
  }

  void hold() override { static_cast<void>(left_within(Millis(60'000))); }

  void reset() override {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    cut_ = true;
  }

  void cut() override { cut_ = true; }

 private:
  /// True when the peer hung up (or the server stops) before the time is over.
  [[nodiscard]] bool left_within(Millis time) const {
    pollfd wait{fd_, POLLRDHUP, 0};
    return ::poll(&wait, 1, static_cast<int>(time.count())) > 0;
  }

  State& state_;
  int fd_;
  SSL* ssl_ = nullptr;
  bool cut_ = false;
};

void RawServer::State::listen() {
  listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0)
    throw std::runtime_error("cannot listen on 127.0.0.1");
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
}

void RawServer::State::accept_all() {
  while (!stopping) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections;
    const std::lock_guard lock(mutex);
    if (stopping) {
      ::close(fd);
      return;
    }
    open.insert(fd);
    threads.emplace_back([this, fd] { serve(fd); });
  }
}

void RawServer::State::serve(int fd) {
  Peer peer(*this, fd);
  if (peer.handshake()) play(peer);
}

RawServer::RawServer(Play play, std::optional<RawTls> tls) : state_(std::make_unique<State>()) {
  std::signal(SIGPIPE, SIG_IGN);
  state_->play = std::move(play);
  if (tls) state_->context = make_context(*tls);
  state_->listen();
  state_->acceptor = std::thread([state = state_.get()] { state->accept_all(); });
}

RawServer::~RawServer() {
  state_->stopping = true;
  ::shutdown(state_->listener, SHUT_RDWR);
  state_->acceptor.join();
  {
    const std::lock_guard lock(state_->mutex);
    for (const int fd : state_->open) ::shutdown(fd, SHUT_RDWR);
  }
  for (auto& thread : state_->threads) thread.join();
  ::close(state_->listener);
}

RawServer::Play RawServer::answer(std::string bytes) {
  return [bytes = std::move(bytes)](RawPeer& peer) {
    peer.read_request();
    peer.send(bytes);
  };
}

std::string RawServer::url(std::string_view target) const {
  return fmt::format("{}://127.0.0.1:{}{}", state_->context ? "https" : "http", state_->port, target);
}

std::uint16_t RawServer::port() const { return state_->port; }
int RawServer::connections() const { return state_->connections; }

std::vector<std::string> RawServer::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

}  // namespace damsync
