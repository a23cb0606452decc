#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/service/jobs.h"

namespace damsync {

/// A job that belongs to each night, or to some of them.
enum class NightJob {
  kAudit,   ///< the license report of that date; every missed date has its own, in order
  kBackup,  ///< a copy of the catalog beside it
  kCheck,   ///< looks through all of the catalog, every seventh night
  kVerify,  ///< hashes the files again whose turn it is
};
const char* to_word(NightJob job) noexcept;

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
  /// Errors: what the daemon cannot go on with (a damaged catalog). Everything else is logged and tried again.
  Status run(const Due& due, const std::stop_token& stop);

 private:
  struct Entry {
    NightJob job;
    NightBook book;
    std::optional<SteadyTime> not_before;
  };
  [[nodiscard]] Nightly times_of(NightJob job) const;
  [[nodiscard]] std::optional<Day> due_night(const Entry& entry, UtcTime now) const;
  Entry& entry_of(NightJob job);
  void done(const Due& due);
  Status work(const Due& due, Pulse& pulse, const std::stop_token& stop);
  Status audit(Day night, Pulse& pulse, const std::stop_token& stop);
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
};

}  // namespace damsync
