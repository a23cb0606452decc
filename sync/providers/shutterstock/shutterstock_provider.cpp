#include "sync/providers/shutterstock/shutterstock_provider.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"
#include "sync/providers/field_reader.h"
#include "sync/providers/shutterstock/answer.h"
#include "sync/providers/shutterstock/file_names.h"
#include "sync/providers/shutterstock/redownload.h"
#include "sync/providers/shutterstock/shutterstock_normalize.h"
#include "sync/providers/shutterstock/update_rows.h"

namespace damsync {

using namespace shutterstock;  // NOLINT(google-build-using-namespace)

namespace {

constexpr const char* kLicenses = "/v2/images/licenses";
constexpr const char* kUpdated = "/v2/images/updated";
constexpr const char* kSubscriptions = "/v2/user/subscriptions";
constexpr const char* kHistoryPageSize = "200";
constexpr const char* kFeedPageSize = "2000";
constexpr std::int64_t kFeedDefaultPageSize = 100;  ///< what the service uses when it ignores `per_page`
constexpr std::size_t kWholePage = 5;
constexpr std::size_t kDescribeBatch = 50;
constexpr int kMaxAssetHistoryPages = 50;

std::optional<UtcTime> start_of(const std::optional<std::chrono::sys_days>& day) {
  return day ? std::optional(UtcTime(*day)) : std::nullopt;
}

std::optional<std::int64_t> total_of(const Json& body) {
  const Json* total = body.find("total_count");
  const auto count = total == nullptr ? std::nullopt : total->as_int64();
  return count && *count >= 0 ? count : std::nullopt;
}

/// What stands for a row when reads are compared: its id, or all of it.
std::string key_of(const Json& row) {
  const Json* id = row.find("id");
  const auto text = id == nullptr ? std::nullopt : id_text(*id);
  return text ? *text : write_json(row);
}

std::optional<UtcTime> time_of(const Json& row) {
  const Json* value = row.find("download_time");
  const auto* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  return time ? std::optional(*time) : std::nullopt;
}

/// One bad row is its own problem; a page of nothing else means that the format changed, and a person must look.
Status check_page(const Page& page, std::size_t rows, std::string_view path) {
  if (rows < kWholePage || page.rejected.size() < rows) return {};
  return make_error(ErrorCode::kProtocol, fmt::format("GET {}: none of {} rows can be used; the first: {}", path, rows,
                                                      page.rejected.front().reason));
}

QueryParams feed_query(const FeedCursor& cursor) {
  QueryParams params;
  if (cursor.phase == FeedPhase::kLight) {
    params.emplace_back("interval", interval_text(cursor.interval));
    // The span slides while it is paged: newest first that repeats rows, oldest first it would lose some.
    params.emplace_back("sort", "newest");
  } else {
    params.emplace_back("start_date", format_date(cursor.start));
    params.emplace_back("end_date", format_date(cursor.end));
    params.emplace_back("sort", "oldest");
  }
  params.emplace_back("per_page", kFeedPageSize);
  params.emplace_back("page", std::to_string(cursor.scan.page));
  return params;
}

}  // namespace

Capabilities shutterstock::capabilities() {
  return {.streams = {"licenses", "updates"},
          .license_stream = "licenses",
          .describe_batch = kDescribeBatch,
          .free_refetch = true,
          .file_prefix = "shutterstock_",
          .supplier_name = "Shutterstock",
          .read_file_name = shutterstock::read_file_name};
}

ShutterstockProvider::ShutterstockProvider(ShutterstockSettings settings, HttpTransport& api, HttpTransport& catalogue,
                                           const Clock& clock)
    : settings_(std::move(settings)),
      history_rules_{.overlap = settings_.overlap, .since = start_of(settings_.since)},
      feed_rules_{.overlap = settings_.overlap},
      capabilities_(shutterstock::capabilities()),
      api_(settings_.base_url, api, clock),
      catalogue_(settings_.base_url, catalogue, clock),
      images_(catalogue_) {}

Result<Page> ShutterstockProvider::poll(const PollRequest& request, std::stop_token stop) {
  if (request.stream == "licenses") return poll_licenses(request, stop);
  if (request.stream == "updates") return poll_updates(request, stop);
  return make_error(ErrorCode::kInternal, fmt::format("shutterstock has no stream '{}'", request.stream));
}

Status ShutterstockProvider::confirm(const std::string&, std::stop_token) { return {}; }

QueryParams ShutterstockProvider::history_query(const HistoryCursor& cursor) const {
  QueryParams params;
  if (cursor.start) params.emplace_back("start_date", format_rfc3339(*cursor.start));
  params.emplace_back("sort", cursor.newest_first ? "newest" : "oldest");
  params.emplace_back("per_page", kHistoryPageSize);
  params.emplace_back("page", std::to_string(cursor.scan.page));
  if (settings_.team_history) params.emplace_back("team_history", "true");
  if (!settings_.license_filter.empty()) params.emplace_back("license", settings_.license_filter);
  return params;
}

void ShutterstockProvider::take_license(const Json& row, Page& page, HistoryPageFacts& facts) const {
  const auto time = time_of(row);
  facts.rows.push_back(HistoryRow{.key = key_of(row), .time = time});
  if (time && history_rules_.since && *time < *history_rules_.since) return;
  auto read = read_license(row);
  if (auto* rejected = std::get_if<RejectedItem>(&read))
    page.rejected.push_back(std::move(*rejected));
  else
    page.licenses.push_back(normalize(std::move(std::get<LicenseWire>(read))));
}

Result<Page> ShutterstockProvider::poll_licenses(const PollRequest& request, std::stop_token stop) {
  const auto stored = history_cursor_from_text(request.cursor);
  if (!stored) return stored.error();
  const bool full = request.full && request.cursor.empty();
  HistoryCursor cursor = begin_scan(*stored, history_rules_, api_.clocks(), full);

  const auto body = api_.get(kLicenses, history_query(cursor), stop);
  if (!body) return body.error();
  const auto rows = list_rows(*body, "GET /v2/images/licenses");
  if (!rows) return rows.error();

  Page page;
  HistoryPageFacts facts{.rows = {}, .total_count = total_of(*body)};
  facts.rows.reserve((*rows)->size());
  for (const Json& row : **rows) take_license(row, page, facts);
  if (auto usable = check_page(page, facts.rows.size(), kLicenses); !usable) return usable.error();

  const std::optional<UtcTime> scan_from = cursor.start;
  const auto outcome = take_page(cursor, facts, api_.clocks());
  if (!outcome) return outcome.error();
  page.last = outcome->last;
  page.complete_listing = outcome->complete;
  page.doubt = outcome->doubt;
  if (outcome->complete) page.scan_from = scan_from;
  if (outcome->observed) page.observed.push_back(*outcome->observed);
  page.next = to_text(cursor);
  return page;
}

Result<Page> ShutterstockProvider::poll_updates(const PollRequest& request, std::stop_token stop) {
  const auto stored = feed_cursor_from_text(request.cursor);
  if (!stored) return stored.error();
  FeedCursor cursor = begin_cycle(*stored, feed_rules_, catalogue_.clocks());
  const KnownAssets nothing({});
  const KnownAssets& known = request.known == nullptr ? nothing : *request.known;

  Page page;
  Result<FeedOutcome> outcome = FeedOutcome{};
  const auto body = catalogue_.get(kUpdated, feed_query(cursor), stop);
  if (!body && cursor.phase == FeedPhase::kLight && body.error().code == ErrorCode::kInvalid) {
    page.rejected.push_back(make_rejected("update", Json::object(), "interval: " + body.error().message));
    outcome = skip_light(cursor, feed_rules_, catalogue_.clocks());
  } else if (!body) {
    return body.error();
  } else {
    const auto rows = list_rows(*body, "GET /v2/images/updated");
    if (!rows) return rows.error();
    const Clocks now = catalogue_.clocks();
    const IdDigest digest = take_updates(**rows, known, now.earlier(), page);
    if (auto usable = check_page(page, (*rows)->size(), kUpdated); !usable) return usable.error();
    outcome = take_page(cursor, PageFacts{.all = digest, .counted = digest, .uncut_below = kFeedDefaultPageSize},
                        feed_rules_, now);
  }
  if (!outcome) return outcome.error();
  page.last = outcome->last;
  if (outcome->observed) page.observed.push_back(*outcome->observed);
  page.next = to_text(cursor);
  return page;
}

Result<Descriptions> ShutterstockProvider::describe(std::span<const std::string> ids, std::stop_token stop) {
  return images_.describe(ids, stop);
}

Result<std::optional<DescribedAsset>> ShutterstockProvider::recheck(const std::string& id, const std::string& etag,
                                                                    std::stop_token stop) {
  return images_.recheck(id, etag, stop);
}

Result<DownloadSource> ShutterstockProvider::refetch(const License& license, std::stop_token stop) {
  return redownload(api_, license, stop);
}

Result<bool> ShutterstockProvider::still_listed(const License& license, std::stop_token stop) {
  if (!is_image_id(license.asset_id)) return true;  // cannot be asked for, so it keeps the benefit of the doubt
  for (int number = 1; number <= kMaxAssetHistoryPages; ++number) {
    QueryParams params{
        {"image_id", license.asset_id}, {"per_page", kHistoryPageSize}, {"page", std::to_string(number)}};
    if (settings_.team_history) params.emplace_back("team_history", "true");
    const auto body = api_.get(kLicenses, params, stop);
    if (!body) return body.error();
    const auto rows = list_rows(*body, "GET /v2/images/licenses?image_id=");
    if (!rows) return rows.error();
    if ((*rows)->empty()) return false;
    for (const Json& row : **rows) {
      const Json* id = row.find("id");
      const auto text = id == nullptr ? std::nullopt : id_text(*id);
      if (!text)
        return retryable(ErrorCode::kProtocol, fmt::format("GET {}: a row without a readable id leaves it open whether "
                                                           "license {} is listed",
                                                           kLicenses, license.license_id));
      if (*text == license.license_id) return true;
    }
  }
  return make_error(ErrorCode::kProtocol,
                    fmt::format("GET {}: the history of image {} does not end", kLicenses, license.asset_id));
}

Result<std::vector<Subscription>> ShutterstockProvider::subscriptions(std::stop_token stop) {
  const auto body = api_.get(kSubscriptions, {}, stop);
  if (!body) return body.error();
  const auto rows = list_rows(*body, "GET /v2/user/subscriptions");
  if (!rows) return rows.error();
  std::vector<Subscription> out;
  for (const Json& row : **rows)
    if (auto read = read_subscription(row); auto* plan = std::get_if<Subscription>(&read))
      out.push_back(std::move(*plan));
  return out;
}

Result<std::vector<Plan>> ShutterstockProvider::plans(std::stop_token stop) {
  auto read = subscriptions(std::move(stop));
  if (!read) return read.error();
  std::vector<Plan> out;
  for (auto& plan : *read)
    out.push_back({.plan_id = std::move(plan.id),
                   .description = plan.description.value_or(""),
                   .license_type = plan.license.value_or(""),
                   .expires_at = plan.expires_at,
                   .limit = plan.downloads_limit,
                   .left = plan.downloads_left,
                   .period_ends_at = plan.allotment_end});
  return out;
}

}  // namespace damsync
