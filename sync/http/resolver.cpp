#include "sync/http/resolver.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <optional>
#include <thread>

#include "sync/http/address_class.h"

namespace damsync {

namespace {

constexpr int kMaxLookups = 16;

/// Outlives the caller when the lookup does.
struct PendingLookup {
  std::mutex mutex;
  std::condition_variable_any done;
  std::optional<Result<std::vector<std::string>>> answer;
};

}  // namespace

Result<std::vector<std::string>> system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int rc = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (rc != 0)
    return retryable(ErrorCode::kUnavailable, fmt::format("cannot resolve {}: {}", host, ::gai_strerror(rc)));

  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    if (std::find(addresses.begin(), addresses.end(), text.data()) == addresses.end())
      addresses.emplace_back(text.data());
  }
  return addresses;
}

Result<std::vector<std::string>> Resolver::resolve(const std::string& host, const CallTimer& timer) {
  if (is_address(host)) return std::vector<std::string>{host};
  if (running_->fetch_add(1) >= kMaxLookups) {
    running_->fetch_sub(1);
    return retryable(ErrorCode::kUnavailable, fmt::format("cannot resolve {}: too many lookups are stuck", host));
  }

  auto pending = std::make_shared<PendingLookup>();
  std::thread([pending, host, lookup = lookup_, running = running_] {
    auto answer = lookup(host);
    running->fetch_sub(1);
    const std::lock_guard lock(pending->mutex);
    pending->answer = std::move(answer);
    pending->done.notify_all();
  }).detach();

  std::unique_lock lock(pending->mutex);
  pending->done.wait_until(lock, timer.stop(), timer.deadline(), [&] { return pending->answer.has_value(); });
  if (timer.stop().stop_requested()) return make_error(ErrorCode::kCancelled, "stopped while resolving a name");
  if (!pending->answer) return retryable(ErrorCode::kUnavailable, fmt::format("cannot resolve {}: no answer", host));
  if (*pending->answer && (*pending->answer)->empty())
    return retryable(ErrorCode::kUnavailable, fmt::format("cannot resolve {}: no address", host));
  return *pending->answer;
}

}  // namespace damsync
