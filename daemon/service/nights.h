#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/service/jobs.h"

namespace damsync {

/// A job that belongs to each night, or to some of them.
enum class NightJob {
  kAudit,   ///< the license report of that date; every missed date has its own, in order: the last 31
  kBackup,  ///< a copy of the catalog beside it
  kCheck,   ///< looks through all of the catalog, every seventh night
  kVerify,  ///< hashes the files again whose turn it is
};
const char* to_word(NightJob job) noexcept;

/// Every job, in the order of a night; the setting of the catalog that says what is wrong with the last one.
std::span<const NightJob> night_jobs() noexcept;
std::string night_problem_key(NightJob job);

/// Which jobs of the night are due, and doing them. What is done is kept in the catalog, by date.
///
/// Threads  `next` and `due` by one, `run` by another while the first waits for its end.
class Nights {
 public:
  struct Due {
    NightJob job = NightJob::kVerify;
    Day night;
  };

  Nights(Workspace& workspace, Jobs& jobs, Vitals& vitals, Clock& clock, Log& log);

  /// The next job whose time has come. One that failed waits half an hour.
  [[nodiscard]] std::optional<Due> due(const Now& now);
  [[nodiscard]] std::vector<NextJob> next(const Now& now) const;
  /// Errors: what the daemon cannot go on with (a damaged catalog). Everything else is logged, kept
  /// in the catalog for `status`, and tried again.
  Status run(const Due& due, const std::stop_token& stop);

 private:
  struct Entry {
    NightJob job;
    NightBook book;
    std::optional<SteadyTime> not_before;
  };
  [[nodiscard]] Nightly times_of(NightJob job) const;
  void promise(Entry& entry, UtcTime now);
  void warn_of_lost(const Entry& entry, UtcTime now);
  [[nodiscard]] std::optional<Day> due_night(const Entry& entry, UtcTime now) const;
  Entry& entry_of(NightJob job);
  void done(const Due& due, const std::string& problem);
  void put_problem(const Due& due, const std::string& problem);
  /// Done all the same, with something that a person has to see to: `problem`.
  Status work(const Due& due, Pulse& pulse, const std::stop_token& stop, std::string& problem);
  Status audit(Day night, Pulse& pulse, const std::stop_token& stop, std::string& problem);
  Status backup(Day night);
  Status check();
  Status verify(Pulse& pulse, const std::stop_token& stop);
  void prune_backups(std::int64_t keep);
  void put_book(const Entry& entry);

  Workspace& workspace_;
  Jobs& jobs_;
  Vitals& vitals_;
  Clock& clock_;
  Log& log_;
  mutable std::mutex mutex_;  ///< of the entries
  std::vector<Entry> entries_;
  std::optional<Day> warned_until_;  ///< the last night without a report that was told of
};

}  // namespace damsync
