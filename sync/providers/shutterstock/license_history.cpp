#include "sync/providers/shutterstock/license_history.h"

#include <fmt/format.h>

#include <algorithm>

#include "sync/http/json_reader.h"

namespace damsync::shutterstock {
namespace {

/// What the service uses when it ignores `per_page`.
constexpr std::int64_t kDefaultPageSize = 20;
/// Rows this much older than asked for mean that `start_date` was ignored; less may be a matter of time zones.
constexpr std::chrono::hours kZoneTolerance{26};
/// A `download_time` further ahead than this is not believed: it would carry the cursor over licenses to come.
constexpr std::chrono::minutes kClockTolerance{10};

bool ignores_start(const HistoryCursor& cursor, const HistoryPageFacts& page) {
  if (cursor.newest_first || cursor.full || !cursor.start) return false;
  const UtcTime limit = *cursor.start - kZoneTolerance;
  return std::any_of(page.rows.begin(), page.rows.end(),
                     [&](const HistoryRow& row) { return row.time && *row.time < limit; });
}

/// Newest first, everything after a page of old rows is older still; believed only when the page is in that order.
bool past_start(const HistoryCursor& cursor, const HistoryPageFacts& page) {
  if (!cursor.newest_first || !cursor.start || page.rows.empty()) return false;
  std::optional<UtcTime> before;
  for (const auto& row : page.rows) {
    if (!row.time || *row.time >= *cursor.start || (before && *row.time > *before)) return false;
    before = row.time;
  }
  return true;
}

bool is_counted(const HistoryCursor& cursor, const HistoryRow& row) {
  return !row.time || (*row.time <= cursor.bound && (!cursor.start || *row.time >= *cursor.start));
}

PageFacts facts_of(const HistoryCursor& cursor, const HistoryPageFacts& page) {
  PageFacts facts;
  for (const auto& row : page.rows) {
    facts.all.add(row.key);
    if (is_counted(cursor, row)) facts.counted.add(row.key);
  }
  facts.uncut_below = kDefaultPageSize;
  facts.end = past_start(cursor, page);
  const std::int64_t rows = cursor.scan.rows + facts.all.rows;
  facts.doubt = cursor.full && cursor.total && *cursor.total != rows;
  return facts;
}

HistoryOutcome finish(HistoryCursor& cursor, const Clocks& clocks, bool believed) {
  HistoryOutcome outcome{.last = true, .complete = cursor.full && believed};
  // Without a start everything was asked for; what is known to have been seen begins with the oldest license.
  const auto from = cursor.start ? cursor.start : cursor.lowest;
  if (believed && from && *from < cursor.bound) outcome.observed = ObservedInterval{*from, cursor.bound};
  std::optional<UtcTime> high = cursor.high;
  if (cursor.highest) {
    // What came since the scan began is read again: a scan may have been resumed days later.
    const UtcTime reached = std::min(*cursor.highest, std::min(clocks.earlier(), cursor.bound) + kClockTolerance);
    high = high ? std::max(*high, reached) : reached;
  }
  cursor = HistoryCursor{.high = high, .newest_first = cursor.newest_first};
  return outcome;
}

Error runaway(const HistoryCursor& cursor) {
  return make_error(
      ErrorCode::kProtocol,
      fmt::format("/v2/images/licenses: page {} repeats the one before it or there is no end; paging does "
                  "not work at the service",
                  cursor.scan.page));
}

}  // namespace

HistoryCursor begin_scan(HistoryCursor cursor, const HistoryRules& rules, const Clocks& clocks, bool full) {
  if (cursor.scanning) return cursor;
  std::optional<UtcTime> start = rules.since;
  if (!full && cursor.high) {
    const UtcTime back = *cursor.high - rules.overlap;
    start = start ? std::max(*start, back) : back;
  }
  return HistoryCursor{.high = cursor.high,
                       .newest_first = cursor.newest_first && !full,
                       .scanning = true,
                       .full = full,
                       .start = start,
                       .bound = clocks.earlier()};
}

Result<HistoryOutcome> take_page(HistoryCursor& cursor, const HistoryPageFacts& page, const Clocks& clocks) {
  if (ignores_start(cursor, page)) {
    cursor.newest_first = true;
    cursor.scan = ScanState{};
    return HistoryOutcome{};
  }
  if (page.total_count) cursor.total = page.total_count;
  for (const auto& row : page.rows) {
    if (!row.time) continue;
    cursor.highest = cursor.highest ? std::max(*cursor.highest, *row.time) : *row.time;
    cursor.lowest = cursor.lowest ? std::min(*cursor.lowest, *row.time) : *row.time;
  }
  switch (advance(cursor.scan, facts_of(cursor, page))) {
    case ScanStep::kNextPage: return HistoryOutcome{};
    case ScanStep::kReadAgain: cursor.total.reset(); return HistoryOutcome{};
    case ScanStep::kStable: return finish(cursor, clocks, true);
    case ScanStep::kUnstable: {
      const auto counted = cursor.total;
      auto outcome = finish(cursor, clocks, false);
      if (counted) outcome.doubt = fmt::format("the service counts {} licenses, and listed another number", *counted);
      return outcome;
    }
    case ScanStep::kRunaway: break;
  }
  return runaway(cursor);
}

std::string to_text(const HistoryCursor& cursor) {
  Json out = Json::object({{"v", 1}});
  if (cursor.high) out.set("high", to_millis(*cursor.high));
  if (cursor.newest_first) out.set("newest_first", true);
  if (!cursor.scanning) return write_json(out);
  if (cursor.full) out.set("full", true);
  if (cursor.start) out.set("start", to_millis(*cursor.start));
  if (cursor.highest) out.set("highest", to_millis(*cursor.highest));
  if (cursor.lowest) out.set("lowest", to_millis(*cursor.lowest));
  if (cursor.total) out.set("total", *cursor.total);
  out.set("bound", to_millis(cursor.bound));
  out.set("scan", to_json(cursor.scan));
  return write_json(out);
}

namespace {

/// Reads an optional number; false when it is there and is no integer.
bool read_number(const Json& json, std::string_view key, std::optional<std::int64_t>& out) {
  const Json* value = json.find(key);
  if (value == nullptr) return true;
  out = value->as_int64();
  return out.has_value();
}

bool read_time(const Json& json, std::string_view key, std::optional<UtcTime>& out) {
  std::optional<std::int64_t> millis;
  if (!read_number(json, key, millis)) return false;
  if (millis) out = from_millis(*millis);
  return true;
}

bool is_set(const Json& json, std::string_view key) {
  const Json* value = json.find(key);
  return value != nullptr && value->if_bool() != nullptr && *value->if_bool();
}

bool read_cursor(const Json& json, HistoryCursor& cursor) {
  std::optional<std::int64_t> version;
  if (!read_number(json, "v", version) || version != 1 || !read_time(json, "high", cursor.high)) return false;
  cursor.newest_first = is_set(json, "newest_first");
  if (json.find("scan") == nullptr) return true;
  const auto scan = scan_state_from_json(json.find("scan"));
  std::optional<UtcTime> bound;
  if (!scan || !read_time(json, "bound", bound) || !bound || !read_time(json, "start", cursor.start) ||
      !read_time(json, "highest", cursor.highest) || !read_time(json, "lowest", cursor.lowest) ||
      !read_number(json, "total", cursor.total))
    return false;
  cursor.scanning = true;
  cursor.full = is_set(json, "full");
  cursor.bound = *bound;
  cursor.scan = *scan;
  return true;
}

}  // namespace

Result<HistoryCursor> history_cursor_from_text(std::string_view text) {
  HistoryCursor cursor;
  if (text.empty()) return cursor;
  const auto json = parse_json(text);
  if (!json || !read_cursor(*json, cursor))
    return make_error(ErrorCode::kDamaged, "the stored cursor of the stream 'licenses' cannot be read");
  return cursor;
}

}  // namespace damsync::shutterstock
