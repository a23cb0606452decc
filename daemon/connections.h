#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "daemon/config/settings.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"

namespace damsync {

class AccountConnection;

/// Calls that were made, by whether they may use up quota.
struct CallCount {
  std::int64_t free = 0;
  std::int64_t spending = 0;
};

/// The accounts' connections, kept from one job to the next: with each go its access token, its sockets, and what need
/// not be asked again. One is made anew when the account's settings or secrets are not those it was made with; secrets
/// are fetched for every job, so that a rotated file is noticed.
///
/// Threads  any; an account is lent to one job at a time, another waits.
class Connections {
 public:
  /// `clock` and `log` outlive this object.
  Connections(Clock& clock, Log& log) : clock_(clock), log_(log) {}
  ~Connections();

  class Lease;
  /// The account's connection for one job, whose waits are those of `clock`. Makes no call.
  /// Errors   as `resolve_account`, which the stop is for, and `make_connection`.
  Result<Lease> lend(const AccountSettings& account, Clock& clock, std::stop_token stop);
  /// Drops all: what is lent out goes when it comes back.
  void forget();

  [[nodiscard]] Log& log() const noexcept { return log_; }

 private:
  struct Kept;
  std::shared_ptr<Kept> place_of(const std::string& account);

  Clock& clock_;
  Log& log_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Kept>> kept_;
};

/// A connection while a job works with it.
class Connections::Lease {
 public:
  Lease(std::shared_ptr<Kept> kept, std::unique_lock<std::mutex> held);
  ~Lease();
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;

  [[nodiscard]] AccountConnection& connection() const;
  /// Since it was lent out.
  [[nodiscard]] CallCount calls() const;

 private:
  [[nodiscard]] CallCount all_calls() const;

  std::shared_ptr<Kept> kept_;  ///< before the lock on it
  std::unique_lock<std::mutex> held_;
  CallCount before_;
};

}  // namespace damsync
