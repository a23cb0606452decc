#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "sync/http/url.h"

namespace damsync {

/// Whether executing a request may use up money or quota. `kSpends` is never retried, never redirected and
/// always sent on a fresh connection.
enum class Effect { kSafe, kSpends };

/// What is wanted of an answer. With `kStatus` its head is all that counts: redirects are answers like any other and
/// are not followed, and a body that is cut or larger than `max_body_bytes` is left unread.
enum class AnswerUse { kBody, kStatus };

enum class Method { kGet, kPost, kPut, kDelete };
const char* to_word(Method method) noexcept;

/// Header fields in order; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string_view name, std::string value);
  /// The first value of that name, or null.
  [[nodiscard]] const std::string* find(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const noexcept { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// One call. Secrets go into `credentials`, which leave the process only towards `url`'s own origin and are
/// dropped on any redirect to another one.
struct HttpRequest {
  Method method = Method::kGet;
  Url url;
  Headers headers;      ///< no control characters; Host, Content-Length, Accept-Encoding and User-Agent are set by the
                        ///< transport
  Headers credentials;  ///< e.g. Authorization, Api-Key
  std::string body;
  std::string content_type;  ///< of `body`
  Effect effect = Effect::kSafe;
  AnswerUse use = AnswerUse::kBody;
  Millis deadline{60'000};  ///< for the whole call: DNS, connect, TLS, redirects and the last byte of the body
  std::int64_t max_body_bytes = 16 << 20;
};

/// Status line and header fields of the final answer (after redirects).
struct HttpHead {
  int status = 0;
  Headers headers;
  std::optional<std::int64_t> content_length;  ///< as declared; absent for chunked
  bool delimited = false;                      ///< the end of the body is certain: declared length or chunked
};

/// Receives a body as it arrives. Called on the thread that called `send`.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// Before the first byte. An error stops the call and is returned by `send`.
  virtual Status begin(const HttpHead& head) = 0;
  virtual Status write(std::span<const char> bytes) = 0;
};

/// A complete answer. `body` is empty when a sink took it. Answers of status 3xx never appear: they are
/// followed or become an error; except 304 to a request that was made conditional, and for `AnswerUse::kStatus`.
struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
  Url final_url;
};

/// The seam between the engine and the network: one call, one complete answer or an error.
///
/// An answer whose body was cut, whose framing was broken or whose length differs from the declared one is
/// an error (kUnavailable or kProtocol), never a shorter body. Statuses are not judged here: a 404 is a
/// complete answer. The sink sees bodies of status 200 and 206 only; others are collected into `body`.
///
/// Errors   kUnavailable (DNS, connect, TLS, timeout, cut), kProtocol, kRefusedByPolicy (address, host,
///          redirect), kCancelled; for `Effect::kSpends` everything after the first sent byte is
///          kUnknownOutcome.
/// Threads  any thread.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) = 0;
};

}  // namespace damsync
