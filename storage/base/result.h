#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace damsync {

/// What went wrong, in the terms a caller decides by. The exit code of the program follows from it
/// (`daemon/cli/exit_code.h`).
enum class ErrorCode {
  kUnavailable,      ///< network, TLS, 5xx, timeout: the other side gave no usable answer
  kThrottled,        ///< the provider asked us to slow down
  kUnauthorized,     ///< credentials refused, or a scope is missing
  kNotFound,         ///< the provider does not know the thing
  kGone,             ///< the provider will not hand the thing out (any more)
  kInvalid,          ///< one item is unusable; the rest of the page is fine
  kProtocol,         ///< an answer broke HTTP, JSON or the published contract
  kRefusedByPolicy,  ///< a rule of ours forbids it (URL, budget, spending)
  kUnknownOutcome,   ///< a spending call was sent and its result is not known
  kStorage,          ///< the store or the catalog cannot be written or read
  kLowSpace,         ///< below the free-space reserve: deferred, nothing lost
  kLocked,           ///< another damsync holds this state
  kSettings,         ///< settings or a secret are wrong
  kDamaged,          ///< the catalog is damaged, foreign or newer than the program
  kGuard,            ///< a guard tripped: a person must look
  kCancelled,        ///< a stop was asked for
  kUsage,            ///< wrong command line
  kInternal,         ///< an invariant of ours broke
};

/// The stable lower-case word of a code, e.g. `unavailable`; used in logs, the catalog and `--json`.
const char* to_word(ErrorCode code) noexcept;

/// When trying again makes sense.
enum class Retry { kNever, kAfterBackoff, kAt };

/// One failure: a code to decide by, one line of text for a person (what, where, what to do), and
/// whether to retry. Never contains a secret, a URL's query or a header.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  Retry retry = Retry::kNever;
  std::chrono::milliseconds retry_after{0};  ///< with `kAt`: how long from now
  int http_status = 0;                       ///< 0: no HTTP answer was involved
};

inline Error make_error(ErrorCode code, std::string message) { return Error{code, std::move(message)}; }
inline Error retryable(ErrorCode code, std::string message) {
  return Error{code, std::move(message), Retry::kAfterBackoff};
}

/// A value or an `Error`. For what the world may refuse; our own broken promises throw.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success or an `Error`.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace damsync
