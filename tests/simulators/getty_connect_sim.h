#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "tests/simulators/sim_core.h"

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
class GettyConnectSim final : public StatefulSim<ConnectState> {
 public:
  explicit GettyConnectSim(std::optional<UtcTime> start = std::nullopt) : StatefulSim(start) {}
  ~GettyConnectSim() override { stop_listening(); }

 private:
  [[nodiscard]] Route route_of(const SimRequest& request) const override;
  SimResponse dispatch(const SimRequest& request, const Route& route) override;
  SimResponse issue_token(const SimRequest& request);
  SimResponse one_image(const SimRequest& request, const std::string& id);
  [[nodiscard]] SimResponse refuse(int status, const std::string& error) const;
  /// Nothing when the request may pass.
  std::optional<SimResponse> check_token(const SimRequest& request);
  std::optional<SimResponse> check_answer(const SimRequest& request, const std::string& header);
  SimResponse challenge(const std::string& error, const char* more);
  [[nodiscard]] bool is_live(const std::string& token) const;

  std::int64_t issued_ = 0;
};

}  // namespace damsync
