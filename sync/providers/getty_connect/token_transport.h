#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "sync/http/transport.h"
#include "sync/providers/getty_connect/digest_auth.h"
#include "sync/providers/getty_connect/token_source.h"

namespace damsync::getty_connect {

/// How a token is shown to the service.
struct TokenForm {
  std::string username;  ///< of digest answers; their password is the token
  std::string header;    ///< `Authorization` until the service sends a challenge; `{token}` stands for the token
};

/// Puts the account's token on every call. A 401 with a digest challenge is answered; one that refuses an answered
/// challenge, or has none, asks for another token. A call is made at most three times.
///
/// Errors   as the transport below and `TokenSource`; a 401 that stays is an answer.
/// Threads  any thread.
class TokenTransport final : public HttpTransport {
 public:
  TokenTransport(TokenForm form, TokenSource& tokens, HttpTransport& next)
      : form_(std::move(form)), tokens_(tokens), next_(next) {}

  Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) override;

 private:
  /// Returns whether the header answers a challenge.
  bool authorize(HttpRequest& request, const Secret& token);
  void remember(std::optional<DigestChallenge> challenge);

  const TokenForm form_;
  TokenSource& tokens_;
  HttpTransport& next_;
  std::mutex mutex_;
  std::optional<DigestChallenge> challenge_;
  std::uint32_t answers_ = 0;  ///< with the nonce of `challenge_`
};

}  // namespace damsync::getty_connect
