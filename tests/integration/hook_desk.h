#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/desk.h"
#include "tests/support/raw_server.h"

namespace damsync {

/// One request that a receiver got, judged by the receiver's own means.
struct Received {
  std::string id;
  std::string target;  ///< path and query of the request
  Json event;
  bool verified = false;
};

/// A strict receiver: takes what is signed and well-formed, remembers it, and answers as told.
class HookServer {
 public:
  explicit HookServer(std::string secret);

  [[nodiscard]] std::string url() const { return server_.url("/hook"); }
  [[nodiscard]] std::vector<Received> received() const;
  /// Of all accepted events, in the order they came; those that came twice, twice.
  [[nodiscard]] std::vector<std::string> ids() const;
  void forget();
  /// The status line's number, and header lines, for an event; 204 when not set.
  void answer(std::function<std::string(const Received&)> how);

 private:
  std::string play(const std::string& request);

  const std::string secret_;
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::vector<std::string> accepted_;
  std::function<std::string(const Received&)> how_;
  RawServer server_;  // last: it uses the others
};

/// The real program, a simulated provider, and a receiver called `cms`.
struct HookDesk {
  explicit HookDesk(int images = 3);

  /// Writes `conf.d/hooks.toml` with the webhook and `more` keys of it.
  void write_hook(const std::string& more = "") const;
  /// `deliveries WORDS --json`; checks the exit code.
  std::vector<Json> deliveries(const Words& words, int exit_code = 0);
  /// The object of the receiver in `deliveries list`.
  Json receiver();
  /// The ids of the change feed, in its order.
  std::vector<std::string> feed();

  static std::string new_secret(char seed);

  Desk desk;
  std::string secret = new_secret('k');
  HookServer hook{secret};
};

}  // namespace damsync
