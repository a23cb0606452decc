#include <algorithm>
#include <charconv>
#include <chrono>

#include "storage/base/time.h"
#include "tests/simulators/eastern_time.h"
#include "tests/simulators/shutterstock_answers.h"
#include "tests/simulators/shutterstock_sim.h"

namespace damsync {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestRange = std::chrono::hours(72);

/// A window of the change feed: `from` inclusive, `to` exclusive.
struct Window {
  UtcTime from{};
  UtcTime to{};
};

/// `30 MINUTE`, `6 HOUR`, `1 DAY`; nothing for any other text.
std::optional<Millis> parse_interval(const std::string& text) {
  long count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 1 || count > 100'000) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == " SECOND") return std::chrono::seconds(count);
  if (unit == " MINUTE") return std::chrono::minutes(count);
  if (unit == " HOUR") return std::chrono::hours(count);
  if (unit == " DAY") return std::chrono::hours(24 * count);
  return std::nullopt;
}

std::optional<UtcTime> parse_moment(const std::string& text, const ShutterstockSwitches& switches) {
  if (const auto day = parse_date(text)) return UtcTime(*day);
  if (!switches.updated_timestamps) return std::nullopt;
  const auto time = parse_rfc3339(text, MissingZone::kUtc);
  return time ? std::optional(*time) : std::nullopt;
}

/// Reads interval or start and end; mistakes go to `check`.
Window read_window(const SimRequest& request, const ShutterstockSwitches& switches, UtcTime now,
                   ParameterCheck& check) {
  const auto start = request.param("start_date");
  const auto end = request.param("end_date");
  const auto interval = request.param("interval");
  if (interval && (start || end)) {
    check.mistake("VALIDATION_CONFLICT", "interval cannot be combined with start_date or end_date", *interval,
                  "$.query.interval");
    return {};
  }
  if (!start && !end) {
    const auto length = parse_interval(interval.value_or("1 HOUR"));
    if (!length || *length > kLongestRange) {
      check.mistake("VALIDATION_PATTERN", "Invalid interval", *interval, "$.query.interval");
      return {};
    }
    return {now - *length, now + 1ms};
  }
  Window window{now - kLongestRange, now + 1ms};
  const auto read = [&](const std::optional<std::string>& text, const char* path, UtcTime& into) {
    if (!text) return;
    const auto moment = parse_moment(*text, switches);
    if (moment) into = *moment;
    if (!moment) check.mistake("VALIDATION_FORMAT", "Invalid format, expected date", *text, path);
  };
  read(start, "$.query.start_date", window.from);
  read(end, "$.query.end_date", window.to);
  if (!start) window.from = window.to - kLongestRange;
  if (!end) window.to = std::min<UtcTime>(window.to, window.from + kLongestRange);
  return window;
}

/// One row of the feed: an image and what happened to it within the window.
struct FeedRow {
  std::string id;
  UtcTime time{};
  std::vector<std::string> kinds;
};

std::vector<FeedRow> feed_rows(const std::vector<SimUpdate>& updates, const Window& window,
                               const std::vector<std::string>& kinds, bool merged) {
  std::vector<FeedRow> rows;
  std::unordered_map<std::string_view, std::size_t> row_of;
  const auto earlier = [](const SimUpdate& update, UtcTime time) { return update.time < time; };
  auto at = std::lower_bound(updates.begin(), updates.end(), window.from, earlier);
  for (; at != updates.end() && at->time < window.to; ++at) {
    if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), at->kind) == kinds.end()) continue;
    const auto [known, fresh] = row_of.try_emplace(at->image_id, rows.size());
    if (fresh || !merged) {
      known->second = rows.size();
      rows.push_back({at->image_id, at->time, {at->kind}});
      continue;
    }
    FeedRow& row = rows[known->second];
    row.time = at->time;
    if (std::find(row.kinds.begin(), row.kinds.end(), at->kind) == row.kinds.end()) row.kinds.push_back(at->kind);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const FeedRow& a, const FeedRow& b) { return a.time < b.time; });
  return rows;
}

Json feed_row_json(const FeedRow& row) {
  Json kinds = Json::array();
  for (const auto& kind : row.kinds) kinds.push(kind);
  return Json::object({{"id", row.id}, {"updated_time", format_eastern(row.time)}, {"updates", std::move(kinds)}});
}

}  // namespace

SimResponse ShutterstockSim::list_images(const SimRequest& request) {
  ParameterCheck check(request);
  const bool full = check.word("view", "minimal", {"minimal", "full"}) == "full";
  const auto ids = request.params("id");
  if (ids.empty()) check.mistake("VALIDATION_REQUIRED", "Missing required property: id", "", "$.query.id");
  if (ids.size() > state_.switches.max_ids) {
    check.mistake("VALIDATION_MAX_ITEMS", "Too many ids", std::to_string(ids.size()), "$.query.id");
  }
  for (const auto& id : ids) {
    if (!is_image_id(id)) check.mistake("VALIDATION_PATTERN", "Invalid image id", id, "$.query.id");
  }
  if (check.failed()) return check.refusal();
  Json data = Json::array();
  for (const auto& id : ids) {
    const SimImage* image = state_.image(id);
    if (image == nullptr || image->deleted) continue;
    data.push(full ? image_json(*image, state_.categories) : minimal_image_json(*image));
  }
  return json_answer(Json::object({{"data", std::move(data)}}));
}

SimResponse ShutterstockSim::one_image(const SimRequest& request, const std::string& id) {
  ParameterCheck check(request);
  const bool full = check.word("view", "full", {"minimal", "full"}) == "full";
  if (!is_image_id(id)) check.mistake("VALIDATION_PATTERN", "Invalid image id", id, "$.params.id");
  if (check.failed()) return check.refusal();
  const SimImage* image = state_.image(id);
  if (image == nullptr || image->deleted) return message_answer(404, "Not Found");
  return json_answer(full ? image_json(*image, state_.categories) : minimal_image_json(*image));
}

SimResponse ShutterstockSim::list_updated(const SimRequest& request) {
  ParameterCheck check(request);
  const long page = check.integer("page", 1, 1, 1'000'000'000);
  const long per_page = check.integer("per_page", 100, 1, 2000);
  const bool newest = check.word("sort", "newest", {"newest", "oldest"}) == "newest";
  check.word("type", "", {"addition", "deletion", "edit"});
  Window window = read_window(request, state_.switches, now_locked(), check);
  if (!check.failed() && window.from > window.to) {
    check.mistake("VALIDATION_RANGE", "start_date must be before end_date", *request.param("start_date"),
                  "$.query.start_date");
  }
  if (!check.failed() && request.param("end_date") && window.to - window.from > kLongestRange) {
    if (state_.switches.long_range == ShutterstockSwitches::LongRange::kReject) {
      check.mistake("VALIDATION_RANGE", "The range must not exceed 3 days", *request.param("end_date"),
                    "$.query.end_date");
    }
    window.to = window.from + kLongestRange;
  }
  if (check.failed()) return check.refusal();

  // What has not happened yet is not told, whatever end was asked for.
  window.to = std::min<UtcTime>(window.to, now_locked() + 1ms);
  auto rows = feed_rows(state_.updates(), window, request.params("type"), state_.switches.merged_updates);
  if (newest) std::reverse(rows.begin(), rows.end());
  Json data = Json::array();
  const auto first = static_cast<std::size_t>((page - 1) * per_page);
  for (std::size_t i = first; i < rows.size() && i < first + static_cast<std::size_t>(per_page); ++i) {
    data.push(feed_row_json(rows[i]));
  }
  return json_answer(Json::object({{"data", std::move(data)}}));
}

SimResponse ShutterstockSim::list_categories() {
  Json data = Json::array();
  for (const auto& one : state_.categories) data.push(Json::object({{"id", one.id}, {"name", one.name}}));
  return json_answer(Json::object({{"data", std::move(data)}}));
}

}  // namespace damsync
