#include "daemon/schedule/calendar.h"

#include <algorithm>
#include <iterator>

#include "storage/base/time.h"

namespace damsync {
namespace {

using std::chrono::days;

/// More than a catch-up can add at once, so that a clock that was wrong for a while does not push out the true nights.
constexpr std::size_t kKept = 100;

}  // namespace

NightBook NightBook::parse(std::string_view text) {
  NightBook book;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto blank = std::min(text.find(' ', begin), text.size());
    if (const auto night = parse_date(text.substr(begin, blank - begin))) book.add(*night);
    begin = blank + 1;
  }
  return book;
}

std::string NightBook::text() const {
  std::string out;
  for (const Day night : done_) out += (out.empty() ? "" : " ") + format_date(night);
  return out;
}

void NightBook::add(Day night) {
  const auto added = done_.insert(night).first;
  if (done_.size() > kKept) done_.erase(added == done_.begin() ? std::next(added) : done_.begin());
}

std::optional<Day> NightBook::latest_until(Day night) const {
  const auto after = done_.upper_bound(night);
  if (after == done_.begin()) return std::nullopt;
  return *std::prev(after);
}

Day Nightly::latest(UtcTime now) const {
  Day night = zone_.day_of(now);
  while (due(night) > now || !zone_.has(night)) night -= days(1);
  return night;
}

std::vector<Day> Nightly::missed(const NightBook& book, UtcTime now, std::size_t limit) const {
  const Day newest = latest(now);
  const auto last = book.latest_until(newest);
  std::vector<Day> out;
  if (!last) return out;
  for (Day night = newest; night > *last && out.size() < limit; night -= days(1))
    if (zone_.has(night)) out.push_back(night);
  std::reverse(out.begin(), out.end());
  return out;
}

UtcTime Nightly::next(const NightBook& book, UtcTime now) const {
  Day night = latest(now) + days(1);
  while (book.has(night) || !zone_.has(night)) night += days(1);
  return due(night);
}

}  // namespace damsync
