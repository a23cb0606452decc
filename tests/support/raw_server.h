#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "tests/support/test_certificates.h"

namespace damsync {

/// The server's side of one connection: plays exact bytes. Sending to a peer that left does nothing.
class RawPeer {
 public:
  virtual ~RawPeer() = default;

  /// One request with its body; empty when the peer left.
  virtual std::string read_request() = 0;
  virtual bool send(std::string_view bytes) = 0;
  /// A byte at a time until the peer leaves or the bytes end.
  virtual void drip(std::string_view bytes, Millis pause) = 0;
  /// Says nothing until the peer leaves.
  virtual void hold() = 0;
  /// Closes with RST; TLS or not.
  virtual void reset() = 0;
  /// Closes the TCP connection without TLS's own goodbye.
  virtual void cut() = 0;
};

/// How a server presents itself.
struct RawTls {
  TestIdentity identity;
  int max_version = 0;  ///< e.g. TLS1_1_VERSION; 0: the newest
};

/// A TCP or TLS server on an ephemeral port of 127.0.0.1. Every connection runs `play` in a thread of its own; it is
/// closed when `play` returns.
class RawServer {
 public:
  using Play = std::function<void(RawPeer&)>;

  explicit RawServer(Play play) : RawServer(std::move(play), std::nullopt) {}
  RawServer(Play play, std::optional<RawTls> tls);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  /// Reads a request and answers with these bytes, once a connection.
  static Play answer(std::string bytes);

  /// `http://127.0.0.1:port` plus `target`, or https.
  [[nodiscard]] std::string url(std::string_view target = "/") const;
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] int connections() const;
  /// Every request read so far, in order.
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  struct State;
  class Peer;
  std::unique_ptr<State> state_;
};

}  // namespace damsync
