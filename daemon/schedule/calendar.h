#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/schedule/time_zone.h"

namespace damsync {

/// Which nights of a nightly job are done, so that each is done once whatever the clock does: only nights up to the
/// present one count as past, and a night in the book is never done again.
class NightBook {
 public:
  /// What `text` wrote; words that are no dates are left out.
  static NightBook parse(std::string_view text);
  [[nodiscard]] std::string text() const;

  void add(Day night);  ///< the oldest of very many others gives way
  [[nodiscard]] bool has(Day night) const { return done_.contains(night); }
  [[nodiscard]] bool empty() const noexcept { return done_.empty(); }
  /// The latest one in the book that is not after `night`, or nothing.
  [[nodiscard]] std::optional<Day> latest_until(Day night) const;

 private:
  std::set<Day> done_;
};

/// "Every night at HH:MM": one moment for each local date, also where the clock is set. Pure.
class Nightly {
 public:
  Nightly(TimeZone zone, std::chrono::minutes at) : zone_(zone), at_(at) {}

  /// When the job of that night is due.
  [[nodiscard]] UtcTime due(Day night) const { return zone_.at(night, at_); }
  /// The newest night whose time has come.
  [[nodiscard]] Day latest(UtcTime now) const;
  /// Nights whose time has come since the last one in the book, oldest first; the newest `limit` of them. An empty book
  /// means that nothing was promised yet: none.
  [[nodiscard]] std::vector<Day> missed(const NightBook& book, UtcTime now, std::size_t limit) const;
  /// When the first night is due that is neither past nor in the book.
  [[nodiscard]] UtcTime next(const NightBook& book, UtcTime now) const;

 private:
  TimeZone zone_;
  std::chrono::minutes at_;
};

}  // namespace damsync
