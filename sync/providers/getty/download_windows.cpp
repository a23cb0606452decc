#include "sync/providers/getty/download_windows.h"

#include <algorithm>

#include "storage/base/json.h"
#include "sync/http/json_reader.h"

namespace damsync::getty {
namespace {

constexpr std::chrono::hours kDay{24};
/// A cursor further ahead than this was written under a wrong clock and says nothing.
constexpr std::chrono::minutes kClockTolerance{10};

UtcTime scan_start(const DownloadCursor& cursor, const HistoryRules& rules, const ClockPair& clocks, bool full) {
  const UtcTime beginning = rules.since.value_or(UtcTime(kHistoryStart));
  const bool believed = cursor.high && *cursor.high <= clocks.later + kClockTolerance;
  if (full || !believed) return std::min(beginning, clocks.later - kDay);
  return std::max(beginning, std::min(*cursor.high, clocks.later) - rules.overlap);
}

/// With days alone, `today` must be inside whatever the service makes of an end date.
UtcTime scan_end(const ClockPair& clocks, Precision precision) {
  if (precision == Precision::kSeconds) return std::chrono::ceil<std::chrono::seconds>(clocks.later);
  return std::chrono::floor<std::chrono::days>(clocks.later) + std::chrono::days(1);
}

}  // namespace

DownloadCursor begin_scan(DownloadCursor cursor, const HistoryRules& rules, const ClockPair& clocks, bool full) {
  if (cursor.scanning) return cursor;
  UtcTime start = scan_start(cursor, rules, clocks, full);
  if (rules.precision == Precision::kDays) start = std::chrono::floor<std::chrono::days>(start);
  return DownloadCursor{.high = cursor.high,
                        .scanning = true,
                        .full = full,
                        .whole = true,
                        .start = start,
                        .from = start,
                        .end = std::max(scan_end(clocks, rules.precision), start),
                        .reach = clocks.earlier,
                        .doubt_from = std::nullopt};
}

Window next_window(const DownloadCursor& cursor, Millis span, Precision precision) {
  Window window{.from = cursor.from, .to = std::min(cursor.from + span, cursor.end)};
  if (precision == Precision::kDays) {
    window.from = std::chrono::floor<std::chrono::days>(window.from);
    window.to = std::chrono::floor<std::chrono::days>(window.to);
  }
  return window;
}

std::optional<Millis> shorter(const Window& window, Precision precision) {
  const Millis least = precision == Precision::kDays ? Millis(2 * kDay) : Millis(std::chrono::hours(2));
  const Millis span = window.to - window.from;
  if (span <= least) return std::nullopt;
  return std::max<Millis>(span / 2, least);
}

bool advance(DownloadCursor& cursor, const Window& window, Reading reading) {
  if (reading == Reading::kUnsettled) {
    cursor.whole = false;
    if (!cursor.doubt_from) cursor.doubt_from = window.from;
  }
  if (window.to < cursor.end) {
    const Millis span = window.to - window.from;
    cursor.from = window.from + (span > 2 * kDay ? span - kDay : std::max<Millis>(span / 2, std::chrono::minutes(1)));
    return false;
  }
  const UtcTime reached = cursor.doubt_from ? std::min(*cursor.doubt_from, cursor.reach) : cursor.reach;
  const bool believed = cursor.high && *cursor.high <= cursor.end + kClockTolerance;
  const UtcTime high = believed ? std::max(*cursor.high, reached) : reached;
  cursor = DownloadCursor();
  cursor.high = high;
  return true;
}

std::string to_text(const DownloadCursor& cursor) {
  Json out = Json::object({{"v", 1}});
  if (cursor.high) out.set("high", to_millis(*cursor.high));
  if (!cursor.scanning) return write_json(out);
  out.set("full", cursor.full).set("whole", cursor.whole);
  out.set("start", to_millis(cursor.start)).set("from", to_millis(cursor.from));
  out.set("end", to_millis(cursor.end)).set("reach", to_millis(cursor.reach));
  if (cursor.doubt_from) out.set("doubt_from", to_millis(*cursor.doubt_from));
  return write_json(out);
}

namespace {

bool read_time(const Json& json, std::string_view key, std::optional<UtcTime>& out) {
  const Json* value = json.find(key);
  if (value == nullptr) return true;
  const auto millis = value->as_int64();
  if (millis) out = from_millis(*millis);
  return millis.has_value();
}

bool read_time(const Json& json, std::string_view key, UtcTime& out) {
  std::optional<UtcTime> time;
  if (!read_time(json, key, time) || !time) return false;
  out = *time;
  return true;
}

bool read_flag(const Json& json, std::string_view key, bool& out) {
  const Json* value = json.find(key);
  if (value == nullptr || value->if_bool() == nullptr) return false;
  out = *value->if_bool();
  return true;
}

bool read_cursor(const Json& json, DownloadCursor& cursor) {
  const Json* version = json.find("v");
  if (version == nullptr || version->as_int64() != 1 || !read_time(json, "high", cursor.high)) return false;
  if (json.find("from") == nullptr) return true;
  cursor.scanning = true;
  return read_flag(json, "full", cursor.full) && read_flag(json, "whole", cursor.whole) &&
         read_time(json, "start", cursor.start) && read_time(json, "from", cursor.from) &&
         read_time(json, "end", cursor.end) && read_time(json, "reach", cursor.reach) &&
         read_time(json, "doubt_from", cursor.doubt_from);
}

}  // namespace

Result<DownloadCursor> download_cursor_from_text(std::string_view text) {
  DownloadCursor cursor;
  if (text.empty()) return cursor;
  const auto json = parse_json(text);
  if (!json || !read_cursor(*json, cursor))
    return make_error(ErrorCode::kDamaged, "the stored cursor of the stream 'downloads' cannot be read");
  return cursor;
}

}  // namespace damsync::getty
