#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "sync/http/call_timer.h"

namespace damsync {

/// What certificates are judged by: the system's CAs and one file more. TLS 1.2 or newer, the host name checked
/// always, no client certificate.
///
/// Threads  any thread.
class TlsTrust {
 public:
  /// Errors: kSettings when the file cannot be read.
  static Result<std::shared_ptr<TlsTrust>> load(const std::string& ca_file);
  ~TlsTrust();

 private:
  friend class Connection;
  struct State;
  explicit TlsTrust(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// One TCP or TLS connection. Everything it does ends when the timer it is attached to does.
///
/// Errors   kUnavailable (kNever for a certificate), kCancelled. Messages name the host that was given.
/// Threads  one at a time.
class Connection {
 public:
  /// Connects to an address literal. `host` is for messages.
  static Result<std::unique_ptr<Connection>> open(const std::string& address, std::uint16_t port,
                                                  const std::string& host, Millis connect_timeout, CallTimer& timer);
  ~Connection();

  /// Turns the connection into TLS and checks that the certificate is `host`'s.
  Status start_tls(const TlsTrust& trust, const std::string& host);

  Status write(std::string_view bytes);

  /// Waits for bytes and returns them, in `space`; empty at the orderly end.
  Result<std::span<const char>> read(std::span<char> space);
  /// The call is over: the timer lets go of the socket. Or another call begins. Destruction detaches.
  void detach();
  void attach(CallTimer& timer);

  /// Nothing arrived and nobody hung up since the last answer.
  [[nodiscard]] bool idle_and_open();

 private:
  struct Socket;
  Connection(std::unique_ptr<Socket> socket, std::string host);
  Error failure(std::string_view what) const;
  [[nodiscard]] bool ended() const;

  std::unique_ptr<Socket> socket_;
  std::string host_;
  CallTimer* timer_ = nullptr;  // of the call that uses the connection
};

}  // namespace damsync
