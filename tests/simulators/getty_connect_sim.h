#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "tests/simulators/fault_script.h"
#include "tests/simulators/http_server.h"
#include "tests/simulators/sim_books.h"

namespace damsync {

struct ConnectSimImage {
  std::string title = "Untitled";
  std::string caption = {};
  std::vector<std::string> keywords = {};
  std::vector<std::string> restrictions = {};
  std::string family = "Creative";
  bool withdrawn = false;
  Json fields = Json::object();  ///< further or changed members of the answer
};

/// What the service's description leaves open.
struct ConnectSwitches {
  enum class TokenForm { kChallenge, kHeader };
  enum class Algorithm { kMd5, kSha256 };

  TokenForm token_form = TokenForm::kChallenge;  ///< kHeader: `Authorization: Digest TOKEN`, never a challenge
  Algorithm algorithm = Algorithm::kMd5;
  int nonce_uses = 0;              ///< a nonce is stale after so many answers; 0: never
  bool duration_as_text = false;   ///< `"30"`, else 30
  bool errors_in_array = true;     ///< as described, else an object
  bool images_in_envelope = true;  ///< as in the example, else a bare array
  std::chrono::minutes token_lifetime{30};
};

/// Everything the simulated service knows.
struct ConnectState {
  std::string application_key = "connect-key";
  std::string application_secret = "connect-secret";
  std::map<std::string, std::string> users{{"archive-user", "archive-password"}};
  std::map<std::string, ConnectSimImage> images;  ///< by id
  ConnectSwitches switches;

  struct Token {
    std::string user;  ///< the name that answers challenges
    UtcTime expires_at{};
  };
  struct Nonce {
    std::set<std::string> counts;  ///< `nc` values that were used
  };
  std::map<std::string, Token> tokens;
  std::map<std::string, Nonce> nonces;
};

/// The old Getty Connect interface on loopback: stateful, strict, and wrong on request. A misspelt parameter is
/// refused, as is an answer to a challenge that was given before.
///
/// Threads  all methods lock.
/// Source   the service's page about `GET images/:id` and RFC 7616; the form of the token is an assumption.
class GettyConnectSim {
 public:
  /// The virtual time at the start; it then stands still until `advance`. None: it follows the machine's clock.
  explicit GettyConnectSim(std::optional<UtcTime> start = std::nullopt) : frozen_(start) {}
  ~GettyConnectSim();

  /// Serves on 127.0.0.1; port 0 takes any free port.
  void listen(std::uint16_t port = 0);
  [[nodiscard]] std::string base_url() const;

  /// One answer; called by the server, or by a program with a server of its own.
  SimResponse handle(const SimRequest& request);

  /// Runs `change(ConnectState&)` while no request is being answered, and returns its result.
  template <class Change>
  auto edit(Change&& change) {
    const std::lock_guard lock(mutex_);
    return change(state_);
  }

  FaultScript& faults() noexcept { return faults_; }
  [[nodiscard]] SimBooks books() const;
  void reset_books();
  [[nodiscard]] UtcTime now() const;
  void advance(Millis duration);

 private:
  [[nodiscard]] UtcTime now_locked() const;
  SimResponse dispatch(const SimRequest& request);
  SimResponse issue_token(const SimRequest& request);
  SimResponse one_image(const SimRequest& request, const std::string& id);
  [[nodiscard]] SimResponse refuse(int status, const std::string& error) const;
  /// Nothing when the request may pass.
  std::optional<SimResponse> check_token(const SimRequest& request);
  std::optional<SimResponse> check_answer(const SimRequest& request, const std::string& header);
  SimResponse challenge(const std::string& error, const char* more);
  [[nodiscard]] bool is_live(const std::string& token) const;

  mutable std::mutex mutex_;
  ConnectState state_;
  SimBooks books_;
  FaultScript faults_;
  std::optional<UtcTime> frozen_;
  Millis offset_{0};
  std::int64_t issued_ = 0;
  std::unique_ptr<SimServer> server_;
};

}  // namespace damsync
