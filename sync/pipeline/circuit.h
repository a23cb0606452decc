#pragma once

#include <optional>

#include "storage/base/result.h"

namespace damsync {

/// Tells one bad item from a bad provider: opens after several failures in a row that are not about the item.
///
/// Threads  one thread.
class Circuit {
 public:
  explicit Circuit(int limit) : limit_(limit) {}

  void succeeded() noexcept { in_a_row_ = 0; }

  /// Counts one failure; returns true when the step must stop.
  bool failed(const Error& error) {
    switch (error.code) {
      case ErrorCode::kUnauthorized:
      case ErrorCode::kStorage:
      case ErrorCode::kLowSpace:
      case ErrorCode::kCancelled:
      case ErrorCode::kGuard:
      case ErrorCode::kSettings: in_a_row_ = limit_; break;
      case ErrorCode::kUnavailable:
      case ErrorCode::kThrottled: ++in_a_row_; break;
      default: return false;
    }
    if (in_a_row_ < limit_) return false;
    if (!reason_) reason_ = error;
    return true;
  }

  [[nodiscard]] bool open() const noexcept { return reason_.has_value(); }
  [[nodiscard]] const std::optional<Error>& reason() const noexcept { return reason_; }

 private:
  int limit_;
  int in_a_row_ = 0;
  std::optional<Error> reason_;
};

}  // namespace damsync
