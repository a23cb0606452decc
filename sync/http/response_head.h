#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/base/result.h"
#include "sync/http/transport.h"

namespace damsync {

constexpr std::size_t kMaxHeadBytes = 64 << 10;
constexpr std::size_t kMaxHeadFields = 200;

/// How the end of a body is known.
enum class Framing {
  kLength,   ///< after `content_length` bytes
  kChunked,  ///< after the last chunk
  kUntilClose,
};

/// One parsed status line with its header fields.
struct ResponseHead {
  int status = 0;
  Headers headers;
  Framing framing = Framing::kUntilClose;
  std::optional<std::int64_t> content_length;
  bool keep_alive = false;  ///< the sender would answer another request on this connection
};

/// Parses everything up to and including the empty line, strictly: what two readers could frame differently is refused.
/// Values are kept as sent; RFC 2047 words are not decoded.
///
/// Errors   kProtocol, retryable.
/// Source   RFC 9112 §4–§6.
Result<ResponseHead> parse_response_head(std::string_view head);

/// Refuses answers that do not fit the question: 204, 304 and 206 that were not asked for, 1xx beyond the interim ones,
/// and any content coding (none was accepted).
Status check_answer(const HttpRequest& request, const ResponseHead& head);

/// Whether an answer of that status carries a body at all.
[[nodiscard]] bool has_body(int status) noexcept;

}  // namespace damsync
