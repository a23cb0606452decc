#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/schedule/time_zone.h"
#include "storage/base/result.h"

namespace damsync {

/// Hours that come back every week: `Mon-Fri 08:00-18:00`, `Sat,Sun 00:00-24:00`, `daily 22:00-06:00`. A span that ends
/// at or before its beginning goes on into the next day and belongs to the day it begins on.
class WeekSpan {
 public:
  /// Errors: kSettings: what is expected.
  static Result<WeekSpan> parse(std::string_view text);

  [[nodiscard]] bool covers(const LocalMoment& moment) const noexcept;
  /// Where the clock stands when the span that covers `moment` ends.
  [[nodiscard]] LocalMoment end_of(const LocalMoment& moment) const noexcept;

 private:
  [[nodiscard]] bool begins_on(Day day) const noexcept;
  [[nodiscard]] bool overnight() const noexcept { return to_ <= from_; }

  unsigned days_ = 0;  ///< a bit for each, Sunday first
  std::chrono::minutes from_{0}, to_{0};
};

/// The first moment from `time` on that no span covers; nothing when they cover the whole week.
std::optional<UtcTime> first_outside(const std::vector<WeekSpan>& spans, const TimeZone& zone, UtcTime time);
/// True when no minute of a week is left free.
bool cover_whole_week(const std::vector<WeekSpan>& spans);

/// A limit for some hours of the week: `Mon-Fri 08:00-18:00 2MiB/s`.
struct BandwidthRule {
  static constexpr std::int64_t kLeast = 16 * 1024;

  WeekSpan span;
  std::int64_t bytes_per_second = 0;

  /// Errors: kSettings: what is expected.
  static Result<BandwidthRule> parse(std::string_view text);
};

/// Bytes a second that may be downloaded at that moment; where several rules hold, the lowest. 0: no limit.
std::int64_t limit_at(const std::vector<BandwidthRule>& rules, const LocalMoment& moment) noexcept;

}  // namespace damsync
