#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "daemon/config/settings.h"
#include "daemon/schedule/scheduler.h"
#include "daemon/service/vitals.h"
#include "daemon/service/worker.h"
#include "storage/base/log.h"
#include "sync/deliver/outbox_pump.h"

namespace damsync {

struct Workspace;

/// Delivers to the receivers of the settings in a thread of its own: what is due, and whatever is committed; and keeps
/// the feed's files in the store up to date where the settings ask for them.
///
/// Threads  one, that of the run loop; `want`, `want_all`, `wait_for` and `unusable` from any.
class Deliverer {
 public:
  /// `ended` as for a `Worker`.
  Deliverer(Workspace& workspace, Vitals& vitals, Clock& clock, Log& log, std::function<void(const Status&)> ended);

  /// Who receives from the next delivery on, which fetches their secrets: it may take a while.
  void fit(std::shared_ptr<const Settings> settings);
  /// Changes may have been committed. The number of the delivery that tells of them.
  std::uint64_t want();
  /// The same, and nobody is in the middle of committing more: the feed's files follow, too.
  void want_all();
  /// Waits until that delivery has ended, for `limit` at most. Without receivers there is nothing to wait for.
  void wait_for(std::uint64_t delivery, Millis limit, const std::stop_token& stop);
  /// Why receivers of the settings cannot be used; see `make_receivers`.
  [[nodiscard]] std::vector<Error> unusable() const;
  /// Begins a delivery if one is wanted or due.
  void turn(const Now& now);
  /// How long until one is due; nothing: until it is wanted.
  [[nodiscard]] std::optional<Millis> until_next(const Now& now) const;
  [[nodiscard]] bool busy() const { return worker_.busy(); }
  void request_stop() { worker_.request_stop(); }

 private:
  struct Job {
    std::uint64_t number = 0;
    std::shared_ptr<const Settings> files;  ///< null: the feed's files can wait
  };
  [[nodiscard]] bool has_work() const;
  Status deliver(const Job& job, const std::stop_token& stop);
  void fit_pump(const std::stop_token& stop);
  void moved();

  Workspace& workspace_;
  Vitals& vitals_;
  Clock& clock_;
  Log& log_;
  std::unique_ptr<OutboxPump> pump_;       ///< of the worker's thread alone
  mutable std::mutex mutex_;               ///< of what follows
  std::shared_ptr<const Settings> unfit_;  ///< whose receivers the pump does not have yet
  std::condition_variable_any ended_;
  std::vector<Error> unusable_;
  bool receivers_ = false;
  Millis patience_ = Vitals::kPatience;  ///< for anything a delivery does
  std::shared_ptr<const Settings> settings_;
  bool wanted_ = true, files_wanted_ = true;
  std::uint64_t last_begun_ = 0, last_ended_ = 0;  ///< deliveries, counted from 1
  std::optional<SteadyTime> due_at_;
  Worker worker_;
};

}  // namespace damsync
