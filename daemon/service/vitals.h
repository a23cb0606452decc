#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/result.h"
#include "storage/model/run.h"

namespace damsync {

/// A job of the schedule and when it is due.
struct NextJob {
  std::string job;  ///< e.g. `sync newsroom`, `audit`, `verify`
  UtcTime at{};
};

/// One worker of the daemon, as it last described itself.
struct WorkerVitals {
  std::string name;     ///< unique, from a fixed set or an account's name
  std::string doing;    ///< for a person, e.g. `reading the history of newsroom`
  Millis still_for{0};  ///< since it last said that it moved
  Millis patience{0};   ///< how long it may be still; zero: as long as it likes, it waits for its next job

  [[nodiscard]] bool resting() const noexcept { return patience <= Millis(0); }
  [[nodiscard]] bool stuck() const noexcept { return !resting() && still_for > patience; }
};

enum class CycleResult {
  kOk,
  kIncomplete,  ///< some items failed or were deferred
  kFailed,      ///< an error ended the account's cycle
};
const char* to_word(CycleResult result) noexcept;
CycleResult result_of(const AccountSummary& summary) noexcept;

/// The last finished cycle of one account, and what all its cycles did since the process started.
struct CycleVitals {
  std::string account;
  CycleResult result = CycleResult::kOk;
  std::optional<Error> error;  ///< with kFailed
  UtcTime finished_at{};
  std::int64_t failures_in_a_row = 0;
  std::int64_t ok = 0, incomplete = 0, failed = 0;  ///< cycles since the start, by result
  std::int64_t bytes = 0;                           ///< downloaded since the start
  std::int64_t calls_free = 0, calls_spending = 0;  ///< since the start
};

/// All of it at one moment.
struct VitalsView {
  std::string version;
  UtcTime started_at{};
  bool ready = false;
  bool stopping = false;
  std::string
      settings_error;  ///< why the settings of the last SIGHUP were not taken; empty: they were, or there was none
  std::vector<WorkerVitals> workers;  ///< in name order
  std::vector<NextJob> next;          ///< soonest first
  std::vector<CycleVitals> cycles;    ///< in account order

  [[nodiscard]] std::vector<std::string> stuck_workers() const;
};

/// What the daemon knows about itself: the seam between those who run and those who tell.
///
/// Writers  the run loop: `ready`, `stopping`, `set_next`, `settings_taken`, `settings_refused`.
///          Each worker about itself: `moved` whenever it got somewhere (a page, a file, a call), `resting` before it
///          waits for its next job. Who hands out work: `here` and `gone`. Who ends an account's cycle:
///          `cycle_finished`.
/// Readers  the HTTP endpoints, the watchdog (which pings only while `stuck_workers` is empty), the control socket.
/// Threads  any thread, every method; nothing is waited for while its lock is held.
class Vitals {
 public:
  /// Longer than the deadline of any single call, so that who waits for a provider is not taken for stuck.
  static constexpr Millis kPatience = std::chrono::minutes(5);

  explicit Vitals(const Clock& clock);

  /// Catalog and store are open and every worker has started.
  void ready();
  /// A stop was asked for.
  void stopping();
  void settings_taken();
  void settings_refused(const std::string& why);
  /// Replaces the whole list.
  void set_next(std::vector<NextJob> jobs);

  void moved(const std::string& worker, const std::string& doing, Millis patience = kPatience);
  void resting(const std::string& worker, const std::string& doing);
  /// Nothing of that name is told any more, and what it still says is not heard until `here`.
  void gone(const std::string& worker);
  /// It is there and waits.
  void here(const std::string& worker);

  void cycle_finished(const AccountSummary& summary);

  [[nodiscard]] VitalsView view() const;

 private:
  struct Worker {
    std::string doing;
    SteadyTime moved_at{};
    Millis patience{0};
  };

  const Clock& clock_;
  mutable std::mutex mutex_;
  VitalsView shared_;  ///< but for `workers` and `cycles`, which are kept by name
  std::map<std::string, Worker> workers_;
  std::set<std::string> gone_;
  std::map<std::string, CycleVitals> cycles_;
};

/// `{version, started_at, ready, stopping, settings_error, workers[]{name, doing, still_s, patience_s, stuck},
/// cycles[]{account, result, error, finished_at, failures_in_a_row}, next[]}`; the `daemon` member of `status --json`.
Json json_of(const VitalsView& view);
/// What another process wrote so, without the sums of the cycles. Members that are missing or of another type are
/// left empty.
VitalsView vitals_from_json(const Json& json);
/// `[{job, at}]`; the `next` member.
Json json_of(const std::vector<NextJob>& next);

}  // namespace damsync
