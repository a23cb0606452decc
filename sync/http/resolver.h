#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "sync/http/call_timer.h"

namespace damsync {

/// Addresses of a host in text form; blocks as long as it likes.
using Lookup = std::function<Result<std::vector<std::string>>(const std::string& host)>;

/// The system's resolver.
///
/// Errors   kUnavailable, retryable.
Result<std::vector<std::string>> system_lookup(const std::string& host);

/// Name resolution with a deadline. `getaddrinfo` has none, so it runs in a thread of its own, which is left behind
/// when the time is up; not more than 16 at once.
///
/// Threads  any thread.
class Resolver {
 public:
  explicit Resolver(Lookup lookup) : lookup_(std::move(lookup)) {}

  /// Address literals are returned as they are.
  Result<std::vector<std::string>> resolve(const std::string& host, const CallTimer& timer);

 private:
  const Lookup lookup_;
  const std::shared_ptr<std::atomic<int>> running_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace damsync
