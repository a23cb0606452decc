#include "sync/http/backoff.h"

#include <algorithm>

namespace damsync {

Millis Backoff::next(int failures) {
  const std::int64_t longest = std::min<std::int64_t>(base_.count() << std::clamp(failures, 0, 20), cap_.count());
  const std::lock_guard lock(mutex_);
  return Millis(std::uniform_int_distribution<std::int64_t>(0, longest)(random_));
}

}  // namespace damsync
