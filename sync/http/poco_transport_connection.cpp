#include "sync/http/poco_transport_connection.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/X509Certificate.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "storage/base/crash_point.h"
#include "sync/http/address_class.h"

namespace damsync {

namespace net = Poco::Net;

namespace {

Poco::Timespan to_poco(Millis duration) { return Poco::Timespan(duration.count() * 1000); }

/// Why OpenSSL refused the certificate of the handshake under way. Handshakes run on the calling thread, and Poco
/// offers the verdict only through a process-wide object.
thread_local std::string certificate_refusal;

int on_verify(int accepted, X509_STORE_CTX* store) {
  if (accepted == 0) certificate_refusal = ::X509_verify_cert_error_string(::X509_STORE_CTX_get_error(store));
  return accepted;
}

bool certificate_names(const X509* certificate, const std::string& host) {
  auto* x509 = const_cast<X509*>(certificate);  // OpenSSL's checks take no const
  constexpr unsigned kFlags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  if (is_address(host)) return ::X509_check_ip_asc(x509, host.c_str(), 0) == 1;
  return ::X509_check_host(x509, host.data(), host.size(), kFlags, nullptr) == 1;
}

net::Context::Ptr make_context(const std::string& ca_file) {
  net::Context::Params params;
  params.caLocation = ca_file;
  params.loadDefaultCAs = true;
  params.verificationMode = net::Context::VERIFY_STRICT;
  params.cipherList = "HIGH:!aNULL:!eNULL:!MD5:!RC4:!3DES:!PSK:!SRP";
  net::Context::Ptr context = new net::Context(net::Context::TLS_CLIENT_USE, params);
  // Poco's own host check resolves names and skips loopback; OpenSSL's, below, does neither.
  context->enableExtendedCertificateVerification(false);
  SSL_CTX* const ssl = context->sslContext();
  ::SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
  ::SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, &on_verify);
  return context;
}

}  // namespace

struct TlsTrust::State {
  net::Context::Ptr context;
};

TlsTrust::TlsTrust(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsTrust::~TlsTrust() = default;

Result<std::shared_ptr<TlsTrust>> TlsTrust::load(const std::string& ca_file) try {
  return std::shared_ptr<TlsTrust>(new TlsTrust(std::make_unique<State>(State{make_context(ca_file)})));
} catch (const Poco::Exception&) {
  return make_error(ErrorCode::kSettings, fmt::format("cannot load the CA certificates of {}", ca_file));
}

struct Connection::Socket {
  net::StreamSocket stream;
};

Connection::Connection(std::unique_ptr<Socket> socket, std::string host)
    : socket_(std::move(socket)), host_(std::move(host)) {}

Connection::~Connection() { detach(); }

Error Connection::failure(std::string_view what) const {
  switch (timer_ == nullptr ? CallTimer::End::kNot : timer_->end()) {
    case CallTimer::End::kStopped: return make_error(ErrorCode::kCancelled, "stopped");
    case CallTimer::End::kDeadline:
      return retryable(ErrorCode::kUnavailable, fmt::format("{}: no complete answer in time", host_));
    case CallTimer::End::kNot: break;
  }
  return retryable(ErrorCode::kUnavailable, fmt::format("{}: {}", host_, what));
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& address, std::uint16_t port,
                                                     const std::string& host, Millis connect_timeout,
                                                     CallTimer& timer) {
  std::unique_ptr<Connection> connection(new Connection(std::make_unique<Socket>(), host));
  net::StreamSocket& stream = connection->socket_->stream;
  const auto fail = [&](std::string_view what) { return connection->failure(what); };
  try {
    stream.connectNB(net::SocketAddress(address, port));
    connection->attach(timer);
    if (!stream.poll(to_poco(std::min(connect_timeout, timer.left())), net::Socket::SELECT_WRITE))
      return fail(fmt::format("cannot connect to port {}: timed out", port));
    if (const int error = stream.impl()->socketError(); error != 0)
      return fail(fmt::format("cannot connect to port {}: {}", port, std::strerror(error)));
    if (connection->ended()) return fail(fmt::format("cannot connect to port {}", port));
    stream.setBlocking(true);
    stream.setNoDelay(true);
  } catch (const Poco::Exception& error) {
    return fail(fmt::format("cannot connect to port {}: {}", port, error.displayText()));
  }
  return connection;
}

Status Connection::start_tls(const TlsTrust& trust, const std::string& host) {
  certificate_refusal.clear();
  const auto refused = [&](const std::string& why) {
    return make_error(ErrorCode::kUnavailable, fmt::format("{}: TLS certificate refused: {}", host, why));
  };
  try {
    // The host names the server to itself (SNI), which is defined for names only.
    const std::string server_name = is_address(host) ? std::string() : host;
    auto secure = net::SecureStreamSocket::attach(socket_->stream, server_name, trust.state_->context);
    socket_->stream = secure;
    if (!secure.havePeerCertificate()) return refused("none was shown");
    if (!certificate_names(secure.peerCertificate().certificate(), host)) return refused("it is for another host");
  } catch (const Poco::Exception& error) {
    if (!ended() && !certificate_refusal.empty()) return refused(certificate_refusal);
    return failure(fmt::format("TLS handshake failed: {}", error.displayText()));
  }
  if (ended()) return failure("TLS handshake failed");
  return {};
}

Status Connection::write(std::string_view bytes) try {
  while (!bytes.empty()) {
    const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20));
    const int sent = socket_->stream.sendBytes(bytes.data(), size);
    if (sent <= 0) return failure("connection lost while sending");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
} catch (const Poco::Exception&) {
  return failure("connection lost while sending");
}

Result<std::span<const char>> Connection::read(std::span<char> space) try {
  const int got = socket_->stream.receiveBytes(space.data(), static_cast<int>(space.size()));
  crash_point("http.read");
  // A watched socket that was shut down reads like an orderly end.
  if (got < 0 || ended()) return failure("connection lost");
  return std::span<const char>(space.first(static_cast<std::size_t>(got)));
} catch (const Poco::Exception&) {
  return failure("connection lost");
}

void Connection::detach() {
  if (timer_ != nullptr) timer_->unwatch();
  timer_ = nullptr;
}

void Connection::attach(CallTimer& timer) {
  timer_ = &timer;
  timer.watch(socket_->stream.impl()->sockfd());
}

bool Connection::ended() const { return timer_ != nullptr && timer_->end() != CallTimer::End::kNot; }

bool Connection::idle_and_open() {
  try {
    return !socket_->stream.poll(Poco::Timespan(0), net::Socket::SELECT_READ);
  } catch (const Poco::Exception&) {
    return false;
  }
}

}  // namespace damsync
