#include "sync/providers/getty_connect/token_transport.h"

#include <random>

#include <fmt/format.h>

namespace damsync::getty_connect {
namespace {

constexpr int kMostAttempts = 3;
constexpr std::string_view kToken = "{token}";

std::string client_nonce() {
  std::random_device source;
  return fmt::format("{:08x}{:08x}", source(), source());
}

std::string filled(std::string header, const Secret& token) {
  if (const auto at = header.find(kToken); at != std::string::npos) header.replace(at, kToken.size(), token.reveal());
  return header;
}

}  // namespace

Result<HttpResponse> TokenTransport::send(const HttpRequest& request, BodySink* sink, std::stop_token stop) {
  for (int attempt = 1;; ++attempt) {
    const auto token = tokens_.current(stop);
    if (!token) return token.error();
    HttpRequest authorized = request;
    const bool answered = authorize(authorized, *token);
    auto answer = next_.send(authorized, sink, stop);
    if (!answer || answer->status != 401 || attempt == kMostAttempts) return answer;

    auto challenge = find_challenge(answer->headers);
    const bool handshake = challenge && (!answered || challenge->stale);
    remember(std::move(challenge));
    if (handshake) continue;
    const auto replaced = tokens_.replace(*token, stop);
    if (!replaced) return replaced.error();
    if (!*replaced) return answer;
  }
}

bool TokenTransport::authorize(HttpRequest& request, const Secret& token) {
  const std::lock_guard lock(mutex_);
  std::string header;
  if (challenge_)
    header = digest_header(*challenge_, {.username = form_.username,
                                         .password = token,
                                         .method = to_word(request.method),
                                         .target = request.url.target(),
                                         .count = ++answers_,
                                         .client_nonce = client_nonce()});
  const bool answered = !header.empty();
  request.credentials.set("Authorization", answered ? header : filled(form_.header, token));
  return answered;
}

void TokenTransport::remember(std::optional<DigestChallenge> challenge) {
  const std::lock_guard lock(mutex_);
  const bool same = challenge && challenge_ && challenge->nonce == challenge_->nonce;
  challenge_ = std::move(challenge);
  if (!same) answers_ = 0;
}

}  // namespace damsync::getty_connect
