#include "sync/providers/shutterstock/update_feed.h"

#include <fmt/format.h>

#include <algorithm>

#include "sync/http/json_reader.h"

namespace damsync::shutterstock {
namespace {

using std::chrono::sys_days;

constexpr std::chrono::hours kFreshFor{6};

sys_days day_of(UtcTime time) { return std::chrono::floor<std::chrono::days>(time); }

FeedOutcome end_cycle(FeedCursor& cursor) {
  cursor = FeedCursor{.through = cursor.through, .light = cursor.light, .read_to = cursor.read_to};
  return FeedOutcome{.last = true};
}

FeedOutcome open_window(FeedCursor& cursor, sys_days start, const FeedRules& rules, const Clocks& clocks) {
  const sys_days today = day_of(clocks.later());
  if (start >= today) return end_cycle(cursor);
  cursor = FeedCursor{.through = cursor.through,
                      .light = cursor.light,
                      .read_to = cursor.read_to,
                      .phase = FeedPhase::kWindow,
                      .start = start,
                      .end = std::min(start + rules.window, today),
                      .asked = clocks.earlier()};
  return {};
}

/// The first window of a cycle, once a day: when a day has ended, by either clock, that was not read yet.
FeedOutcome open_first_window(FeedCursor& cursor, const FeedRules& rules, const Clocks& clocks) {
  const sys_days settled = day_of(clocks.earlier());
  if (!cursor.through) cursor.through = UtcTime(settled) - rules.overlap;
  const bool unread = cursor.read_to && *cursor.read_to < day_of(clocks.later());
  if (*cursor.through >= UtcTime(settled) && !unread) return end_cycle(cursor);
  return open_window(cursor, day_of(*cursor.through - rules.overlap), rules, clocks);
}

/// True when the next window may follow without an overlap: this one was opened not so long ago that late rows may have
/// come (a crash or a stop can lie between).
bool may_follow(const FeedCursor& cursor, const Clocks& clocks) {
  const UtcTime now = clocks.earlier();
  return now >= cursor.asked && now - cursor.asked <= kFreshFor;
}

FeedOutcome close_window(FeedCursor& cursor, const FeedRules& rules, const Clocks& clocks) {
  const UtcTime from(cursor.start);
  const UtcTime to = std::min({UtcTime(cursor.end), cursor.asked, clocks.earlier()});
  cursor.through = std::max(*cursor.through, to);
  cursor.read_to = cursor.end;
  FeedOutcome outcome = may_follow(cursor, clocks) ? open_window(cursor, cursor.end, rules, clocks)
                                                   : open_first_window(cursor, rules, clocks);
  if (from < to) outcome.observed = ObservedInterval{from, to};
  return outcome;
}

/// How far back the light poll has to look so that nothing since the last look is left out.
std::chrono::minutes light_reach(const FeedCursor& cursor, const FeedRules& rules, UtcTime now) {
  const UtcTime seen = std::max(cursor.through.value_or(UtcTime(day_of(now))), cursor.light.value_or(UtcTime{}));
  const UtcTime since = std::max(seen, now - rules.light_limit);
  const auto reach = std::max<Millis>(now - since, Millis(0)) + rules.light_margin;
  return std::chrono::ceil<std::chrono::minutes>(std::min<Millis>(reach, rules.light_limit));
}

Error runaway(const FeedCursor& cursor) {
  return make_error(
      ErrorCode::kProtocol,
      fmt::format("/v2/images/updated from {} to {}: page {} repeats the one before it or there is no end; "
                  "paging does not work at the service",
                  format_date(cursor.start), format_date(cursor.end), cursor.scan.page));
}

}  // namespace

FeedCursor begin_cycle(FeedCursor cursor, const FeedRules& rules, const Clocks& clocks) {
  if (cursor.phase != FeedPhase::kIdle) return cursor;
  cursor.phase = FeedPhase::kLight;
  cursor.asked = clocks.earlier();
  cursor.interval = light_reach(cursor, rules, clocks.later());
  cursor.scan = ScanState{};
  return cursor;
}

FeedOutcome skip_light(FeedCursor& cursor, const FeedRules& rules, const Clocks& clocks) {
  return open_first_window(cursor, rules, clocks);
}

Result<FeedOutcome> take_page(FeedCursor& cursor, const PageFacts& page, const FeedRules& rules, const Clocks& clocks) {
  if (cursor.phase == FeedPhase::kLight) {
    // One read is enough: the closed windows will see the same rows again.
    const bool more = page.all.rows != 0 && advance(cursor.scan, page) == ScanStep::kNextPage;
    if (more) return FeedOutcome{};
    // The first answer of a process tells the service's time; when ours is behind, the poll was too short.
    const auto needed = light_reach(cursor, rules, clocks.later());
    if (needed > cursor.interval + rules.light_margin) {
      cursor.interval = needed;
      cursor.scan = ScanState{};
      return FeedOutcome{};
    }
    cursor.light = cursor.asked;
    return open_first_window(cursor, rules, clocks);
  }
  switch (advance(cursor.scan, page)) {
    case ScanStep::kNextPage:
    case ScanStep::kReadAgain: return FeedOutcome{};
    case ScanStep::kStable:
    case ScanStep::kUnstable: return close_window(cursor, rules, clocks);
    case ScanStep::kRunaway: break;
  }
  return runaway(cursor);
}

std::string interval_text(std::chrono::minutes interval) {
  if (interval < std::chrono::hours(1)) return fmt::format("{} MINUTE", std::max<long>(interval.count(), 1));
  const auto hours = std::chrono::ceil<std::chrono::hours>(interval).count();
  return hours == 24 ? "1 DAY" : fmt::format("{} HOUR", hours);
}

std::string to_text(const FeedCursor& cursor) {
  Json out = Json::object({{"v", 1}});
  if (cursor.through) out.set("through", to_millis(*cursor.through));
  if (cursor.light) out.set("light", to_millis(*cursor.light));
  if (cursor.phase == FeedPhase::kLight) {
    out.set("interval", static_cast<std::int64_t>(cursor.interval.count()));
    out.set("asked", to_millis(cursor.asked));
  }
  if (cursor.read_to) out.set("read_to", format_date(*cursor.read_to));
  if (cursor.phase == FeedPhase::kWindow) {
    out.set("start", format_date(cursor.start));
    out.set("end", format_date(cursor.end));
    out.set("asked", to_millis(cursor.asked));
  }
  if (cursor.phase != FeedPhase::kIdle) out.set("scan", to_json(cursor.scan));
  return write_json(out);
}

namespace {

bool read_phase(const Json& json, FeedCursor& cursor) {
  const auto scan = scan_state_from_json(json.find("scan"));
  if (!scan) return false;
  cursor.scan = *scan;
  const Json* asked_at = json.find("asked");
  const auto asked = asked_at == nullptr ? std::nullopt : asked_at->as_int64();
  if (const Json* interval = json.find("interval")) {
    const auto minutes = interval->as_int64();
    cursor.phase = FeedPhase::kLight;
    cursor.interval = std::chrono::minutes(minutes.value_or(0));
    cursor.asked = from_millis(asked.value_or(0));
    return minutes && *minutes > 0 && asked;
  }
  const Json* start = json.find("start");
  const Json* end = json.find("end");
  if (start == nullptr || end == nullptr || !start->is_string() || !end->is_string()) return false;
  const auto first = parse_date(*start->if_string());
  const auto past = parse_date(*end->if_string());
  if (!first || !past || *first >= *past || !asked || !cursor.through) return false;
  cursor.phase = FeedPhase::kWindow;
  cursor.start = *first;
  cursor.end = *past;
  cursor.asked = from_millis(*asked);
  return true;
}

}  // namespace

Result<FeedCursor> feed_cursor_from_text(std::string_view text) {
  if (text.empty()) return FeedCursor{};
  const Error damaged = make_error(ErrorCode::kDamaged, "the stored cursor of the stream 'updates' cannot be read");
  const auto json = parse_json(text);
  if (!json || !json->is_object()) return damaged;
  const Json* version = json->find("v");
  if (version == nullptr || version->as_int64() != 1) return damaged;
  FeedCursor cursor;
  if (const Json* through = json->find("through")) {
    const auto millis = through->as_int64();
    if (!millis) return damaged;
    cursor.through = from_millis(*millis);
  }
  if (const Json* light = json->find("light")) {
    const auto millis = light->as_int64();
    if (!millis) return damaged;
    cursor.light = from_millis(*millis);
  }
  if (const Json* read_to = json->find("read_to")) {
    const auto day = read_to->is_string() ? parse_date(*read_to->if_string()) : damaged;
    if (!day) return damaged;
    cursor.read_to = *day;
  }
  if (json->find("scan") != nullptr && !read_phase(*json, cursor)) return damaged;
  return cursor;
}

}  // namespace damsync::shutterstock
