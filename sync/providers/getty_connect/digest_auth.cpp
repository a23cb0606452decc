#include "sync/providers/getty_connect/digest_auth.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "storage/base/digest.h"
#include "storage/base/text.h"

namespace damsync::getty_connect {
namespace {

using Fields = std::map<std::string, std::string>;

struct Scheme {
  std::string name;  ///< lower case
  Fields fields;     ///< names in lower case
};

/// Reads `Digest realm="a, b", nonce=x, Basic realm="y"` from left to right; what does not fit ends the reading.
class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : rest_(text) {}

  std::vector<Scheme> read() {
    std::vector<Scheme> out;
    for (;;) {
      skip(" \t,");
      const std::string word = token();
      if (word.empty()) return out;
      const bool blank = !rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t');
      skip(" \t");
      if (!rest_.empty() && rest_.front() == '=' && !out.empty()) {
        rest_.remove_prefix(1);
        skip(" \t");
        out.back().fields.emplace(to_lower(word), value());
      } else if (blank || rest_.empty() || rest_.front() == ',') {
        out.push_back({to_lower(word), {}});
      } else {
        return out;
      }
    }
  }

 private:
  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  std::string token() {
    const std::size_t end = std::min(rest_.find_first_of(" \t,=\""), rest_.size());
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return out;
  }
  std::string value() {
    if (rest_.empty() || rest_.front() != '"') return token();
    std::string out;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] == '"') {
        rest_.remove_prefix(at + 1);
        return out;
      }
      if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
      out += rest_[at];
    }
    rest_ = {};
    return out;
  }

  std::string_view rest_;
};

std::string field(const Fields& fields, const char* name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

bool offers_auth(const std::string& qop) {
  for (std::string_view rest = qop; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view word = rest.substr(0, comma);
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    if (iequals(word, "auth")) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

/// Text that becomes part of a header: nothing that could end it.
bool is_sendable(const std::string& text) { return is_utf8(text) && !has_control(text); }

std::optional<DigestChallenge> usable(const Scheme& scheme) {
  if (scheme.name != "digest") return std::nullopt;
  DigestChallenge out{.realm = field(scheme.fields, "realm"),
                      .nonce = field(scheme.fields, "nonce"),
                      .opaque = field(scheme.fields, "opaque")};
  const std::string algorithm = to_lower(field(scheme.fields, "algorithm"));
  if (algorithm == "sha-256" || algorithm == "sha-256-sess")
    out.algorithm = DigestChallenge::Algorithm::kSha256;
  else if (!algorithm.empty() && algorithm != "md5" && algorithm != "md5-sess")
    return std::nullopt;
  out.session = algorithm.ends_with("-sess");
  const std::string qop = field(scheme.fields, "qop");
  out.qop_auth = offers_auth(qop);
  if (!qop.empty() && !out.qop_auth) return std::nullopt;
  out.stale = iequals(field(scheme.fields, "stale"), "true");
  const bool sendable = is_sendable(out.realm) && is_sendable(out.nonce) && is_sendable(out.opaque);
  return out.nonce.empty() || !sendable ? std::nullopt : std::optional(out);
}

std::string hash(const DigestChallenge& challenge, const std::string& text) {
  return challenge.algorithm == DigestChallenge::Algorithm::kSha256 ? sha256_hex(text) : md5_hex(text);
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string response_of(const DigestChallenge& challenge, const DigestAnswer& answer, const std::string& count) {
  std::string secret = hash(challenge, answer.username + ":" + challenge.realm + ":" + answer.password.reveal());
  if (challenge.session) secret = hash(challenge, secret + ":" + challenge.nonce + ":" + answer.client_nonce);
  const std::string call = hash(challenge, answer.method + ":" + answer.target);
  const std::string middle =
      challenge.qop_auth ? challenge.nonce + ":" + count + ":" + answer.client_nonce + ":auth" : challenge.nonce;
  return hash(challenge, secret + ":" + middle + ":" + call);
}

const char* algorithm_word(const DigestChallenge& challenge) {
  if (challenge.algorithm == DigestChallenge::Algorithm::kSha256) return challenge.session ? "SHA-256-sess" : "SHA-256";
  return challenge.session ? "MD5-sess" : "MD5";
}

}  // namespace

std::optional<DigestChallenge> find_challenge(const Headers& headers) {
  std::optional<DigestChallenge> best;
  for (const auto& [name, value] : headers.fields()) {
    if (!iequals(name, "WWW-Authenticate")) continue;
    for (const auto& scheme : ChallengeReader(value).read()) {
      auto found = usable(scheme);
      if (found && (!best || found->algorithm > best->algorithm)) best = std::move(found);
    }
  }
  return best;
}

std::string digest_header(const DigestChallenge& challenge, const DigestAnswer& answer) {
  if (hash(challenge, "").empty()) return {};
  const std::string count = fmt::format("{:08x}", answer.count);
  std::string out =
      fmt::format("Digest username={}, realm={}, nonce={}, uri={}, algorithm={}, response=\"{}\"",
                  quoted(answer.username), quoted(challenge.realm), quoted(challenge.nonce), quoted(answer.target),
                  algorithm_word(challenge), response_of(challenge, answer, count));
  if (challenge.qop_auth) out += fmt::format(", qop=auth, nc={}", count);
  if (challenge.qop_auth || challenge.session) out += fmt::format(", cnonce={}", quoted(answer.client_nonce));
  if (!challenge.opaque.empty()) out += ", opaque=" + quoted(challenge.opaque);
  return out;
}

}  // namespace damsync::getty_connect
