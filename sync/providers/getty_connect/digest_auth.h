#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/secret.h"
#include "sync/http/transport.h"

namespace damsync::getty_connect {

/// What a service asks for with `WWW-Authenticate: Digest`.
struct DigestChallenge {
  enum class Algorithm { kMd5, kSha256 };
  std::string realm, nonce, opaque;
  Algorithm algorithm = Algorithm::kMd5;
  bool session = false;   ///< one of the `-sess` algorithms
  bool qop_auth = false;  ///< the challenge offers `qop=auth`; without any it is that of RFC 2069
  bool stale = false;     ///< the answer was right, only its nonce was too old
};

/// The strongest challenge of an answer that can be met; nothing when there is none.
///
/// Source   RFC 7616 §3.3, §3.7.
std::optional<DigestChallenge> find_challenge(const Headers& headers);

/// Who answers, and for which call.
struct DigestAnswer {
  std::string username;
  Secret password;
  std::string method, target;
  std::uint32_t count = 1;  ///< of answers with this nonce
  std::string client_nonce;
};

/// The value of `Authorization`; empty where the library refuses the algorithm.
///
/// Source   RFC 7616 §3.4.
std::string digest_header(const DigestChallenge& challenge, const DigestAnswer& answer);

}  // namespace damsync::getty_connect
