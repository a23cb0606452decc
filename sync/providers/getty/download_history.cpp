#include "sync/providers/getty/download_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "storage/base/units.h"
#include "sync/providers/getty/getty_errors.h"
#include "sync/providers/getty/getty_normalize.h"
#include "sync/providers/getty/getty_wire.h"

namespace damsync::getty {
namespace {

constexpr const char* kDownloads = "/v3/downloads";
constexpr std::int64_t kPageSize = 100;     ///< one of the sizes the service accepts
constexpr std::int64_t kHandyRows = 5'000;  ///< more in one window: a shorter window is read instead
constexpr std::int64_t kMostRows = 50'000;  ///< more in the shortest window: something is wrong
constexpr int kMostReads = 5;
constexpr std::size_t kWholePage = 5;
/// Credits are left out of the list unless they are asked for by name.
constexpr const char* kHiddenProductType = "creditpack";
/// Times are not always told in UTC; beyond this a row does not belong to the window it was asked for.
constexpr std::chrono::hours kZoneTolerance{26};

/// What makes two rows the same download; the addresses of thumbnails may change with every answer.
std::string row_key(const Json& row) {
  const auto read = read_download(row);
  if (const auto* wire = std::get_if<DownloadWire>(&read)) return license_key(*wire);
  return write_json(row, JsonStyle::kCanonical);
}

using RowsByKey = std::map<std::string, std::vector<Json>>;

RowsByKey by_key(const std::vector<Json>& rows) {
  RowsByKey out;
  for (const Json& row : rows) out[row_key(row)].push_back(row);
  return out;
}

bool same_keys(const RowsByKey& a, const RowsByKey& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.size() == y.second.size();
  });
}

/// Reads that disagree each saw something: nothing that was seen is dropped.
void merge(RowsByKey& into, RowsByKey from) {
  for (auto& [key, rows] : from)
    if (auto& known = into[key]; rows.size() > known.size()) known = std::move(rows);
}

std::vector<Json> flatten(RowsByKey rows) {
  std::vector<Json> out;
  for (auto& [key, equal] : rows)
    for (auto& row : equal) out.push_back(std::move(row));
  return out;
}

/// Rows of both passes; those that show up in both are the same licenses. `asset_id` is for rows that do not name it.
void take_rows(const std::vector<Json>& rows, Page& page, std::string_view asset_id = {}) {
  std::vector<DownloadWire> wires;
  for (const Json& row : rows) {
    auto read = read_download(row, asset_id);
    if (auto* rejected = std::get_if<RejectedItem>(&read))
      page.rejected.push_back(std::move(*rejected));
    else
      wires.push_back(std::move(std::get<DownloadWire>(read)));
  }
  std::set<std::string> known;
  for (const auto& license : page.licenses) known.insert(license.license_id);
  for (auto& license : normalize(std::move(wires)))
    if (!known.contains(license.license_id)) page.licenses.push_back(std::move(license));
}

/// One bad row is its own problem; a window of nothing else means that the format changed, and a person must look.
bool is_all_unreadable(const Page& page) { return page.licenses.empty() && page.rejected.size() >= kWholePage; }

bool ignores_window(const std::vector<License>& licenses, const Window& window) {
  return !licenses.empty() && std::none_of(licenses.begin(), licenses.end(), [&](const License& license) {
    return license.licensed_at >= window.from - kZoneTolerance && license.licensed_at <= window.to + kZoneTolerance;
  });
}

const Json::Array* array_member(const Json& body, std::string_view key) {
  const Json* value = body.find(key);
  return value == nullptr ? nullptr : value->if_array();
}

}  // namespace

/// Rows of a window by product type, and whether they can be believed.
struct DownloadHistory::Rows {
  std::vector<std::vector<Json>> passes;
  Reading reading = Reading::kSettled;
  bool needs_second = false;  ///< believed only when another read agrees
  std::int64_t announced = 0;
};

struct DownloadHistory::PageAnswer {
  std::vector<Json> rows;
  std::optional<std::int64_t> result_count;
  bool past_end = false;
};

QueryParams DownloadHistory::window_query(const Window& window, const std::string& product_type) const {
  const bool old = settings_.dialect == Dialect::kStartDate;
  const auto text = [&](UtcTime time) {
    if (settings_.rules.precision == Precision::kDays) return format_date(std::chrono::floor<std::chrono::days>(time));
    return format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  };
  QueryParams params{{old ? "start_date" : "date_from", text(window.from)},
                     {old ? "end_date" : "date_to", text(window.to)}};
  if (settings_.rules.precision == Precision::kSeconds) params.emplace_back("use_time", "true");
  if (settings_.company_downloads) params.emplace_back("company_downloads", "true");
  if (!product_type.empty()) params.emplace_back("product_type", product_type);
  params.emplace_back("page_size", std::to_string(kPageSize));
  return params;
}

Result<DownloadHistory::PageAnswer> DownloadHistory::read_page(QueryParams params, int number, std::stop_token stop) {
  params.emplace_back("page", std::to_string(number));
  const auto answer = api_.call(Method::kGet, kDownloads, params, stop);
  if (!answer) return answer.error();
  if (number > 1 && answer->status == 400 && classify(*answer) == Refusal::kPastEnd)
    return PageAnswer{.rows = {}, .result_count = {}, .past_end = true};
  auto body = read_answer(*answer, "GET /v3/downloads", api_.now());
  if (!body) {
    Error error = body.error();
    if (error.code == ErrorCode::kInvalid) error.message += " (does history_dialect fit this service?)";
    return error;
  }
  const auto* rows = array_member(*body, "downloads");
  if (rows == nullptr) return retryable(ErrorCode::kProtocol, "GET /v3/downloads: no array 'downloads'");
  const Json* count = body->find("result_count");
  return PageAnswer{.rows = *rows, .result_count = count == nullptr ? std::nullopt : count->as_int64()};
}

/// One pass over the pages. Rows move between pages while the list changes: a count that changes makes the read
/// worthless, more than one page or a sum that does not match make it doubtful.
Result<DownloadHistory::Rows> DownloadHistory::read_once(const Window& window, const std::string& product_type,
                                                         std::stop_token stop) {
  const QueryParams query = window_query(window, product_type);
  Rows out;
  std::vector<Json> rows;
  std::vector<Json> before;
  std::int64_t per_page = kPageSize;
  for (int number = 1;; ++number) {
    auto page = read_page(query, number, stop);
    if (!page) return page.error();
    const std::int64_t got = static_cast<std::int64_t>(page->rows.size());
    if (number == 1) {
      out.announced = page->result_count.value_or(-1);
      if (out.announced > kHandyRows) return out;
      if (got > 0 && out.announced > got) per_page = got;  // the service may give fewer than asked for
    }
    if (got > 0 && page->rows == before)
      return make_error(ErrorCode::kProtocol,
                        fmt::format("GET /v3/downloads: page {} repeats the one before it", number));
    before = page->rows;
    std::move(page->rows.begin(), page->rows.end(), std::back_inserter(rows));
    const std::int64_t total = static_cast<std::int64_t>(rows.size());
    const bool counted = out.announced >= 0;
    const bool changed = counted && !page->past_end && page->result_count != out.announced;
    const bool end = page->past_end || got == 0 || (counted ? number * per_page >= out.announced : got < kPageSize);
    out.needs_second = number > 1 || (counted && total != out.announced);
    if (changed) out.reading = Reading::kUnsettled;
    if (!end && !changed && total <= kMostRows) continue;
    out.passes.push_back(std::move(rows));
    return out;
  }
}

Result<DownloadHistory::Rows> DownloadHistory::read_product_type(const Window& window, const std::string& product_type,
                                                                 std::stop_token stop) {
  RowsByKey merged;
  std::optional<RowsByKey> previous;
  for (int reads = 1;; ++reads) {
    auto rows = read_once(window, product_type, stop);
    if (!rows || rows->passes.empty()) return rows;
    RowsByKey seen = by_key(rows->passes.front());
    const bool settled = rows->reading == Reading::kSettled;
    const bool agreed = settled && (!rows->needs_second || (previous && same_keys(*previous, seen)));
    if (agreed) return rows;
    merge(merged, seen);
    if (reads == kMostReads) {
      rows->passes.front() = flatten(std::move(merged));
      rows->reading = Reading::kUnsettled;
      return rows;
    }
    previous = settled ? std::optional(std::move(seen)) : std::nullopt;
  }
}

void DownloadHistory::hidden_products_refused(const Error& refusal) {
  hidden_products_ = false;
  if (log_ != nullptr)
    log_->info("getty.credits_not_listed", {{"account", settings_.account}, {"reason", refusal.message}});
}

Result<DownloadHistory::Rows> DownloadHistory::read_window(const Window& window, std::stop_token stop) {
  auto rows = read_product_type(window, "", stop);
  if (!rows || rows->passes.empty() || !hidden_products_) return rows;
  auto hidden = read_product_type(window, kHiddenProductType, stop);
  if (!hidden) {
    const ErrorCode code = hidden.error().code;
    const bool refused =
        code == ErrorCode::kInvalid || (code == ErrorCode::kUnauthorized && hidden.error().http_status == 403);
    if (!refused) return hidden.error();
    hidden_products_refused(hidden.error());
    return rows;
  }
  if (hidden->passes.empty()) return hidden;
  rows->passes.push_back(std::move(hidden->passes.front()));
  if (hidden->reading == Reading::kUnsettled) rows->reading = Reading::kUnsettled;
  return rows;
}

Result<Page> DownloadHistory::poll(const PollRequest& request, std::stop_token stop) {
  auto stored = download_cursor_from_text(request.cursor);
  if (!stored) return stored.error();
  if (request.full && request.cursor.empty()) hidden_products_ = true;
  const ClockPair clocks{.earlier = api_.earlier(), .later = api_.later()};
  DownloadCursor cursor = begin_scan(std::move(*stored), settings_.rules, clocks, request.full);
  Window window = next_window(cursor, kLongestWindow, settings_.rules.precision);
  auto rows = read_window(window, stop);
  while (rows && rows->passes.empty()) {
    const auto span = shorter(window, settings_.rules.precision);
    if (!span)
      return make_error(ErrorCode::kProtocol, fmt::format("GET /v3/downloads: {} rows within {}", rows->announced,
                                                          format_duration(window.to - window.from)));
    window = next_window(cursor, *span, settings_.rules.precision);
    rows = read_window(window, stop);
  }
  if (!rows) return rows.error();

  Page page;
  for (const auto& pass : rows->passes) take_rows(pass, page);
  if (is_all_unreadable(page))
    return make_error(ErrorCode::kProtocol, fmt::format("GET /v3/downloads: none of {} rows can be used; the first: {}",
                                                        page.rejected.size(), page.rejected.front().reason));
  if (ignores_window(page.licenses, window))
    return make_error(ErrorCode::kProtocol,
                      "GET /v3/downloads: none of the rows is from the time that was asked for; try the other "
                      "history_dialect");
  const DownloadCursor scan = cursor;
  page.last = advance(cursor, window, rows->reading);
  page.next = to_text(cursor);
  if (!page.last) return page;
  page.complete_listing = scan.full && scan.whole && rows->reading == Reading::kSettled;
  page.scan_from = settings_.rules.since;
  if (cursor.high && *cursor.high > scan.start) page.observed.push_back({.from = scan.start, .to = *cursor.high});
  return page;
}

Result<std::vector<Json>> DownloadHistory::asset_history(const std::string& asset_id, std::stop_token stop) {
  if (!is_asset_id(asset_id)) return make_error(ErrorCode::kInvalid, "an id that is no asset id is never sent");
  QueryParams params;
  if (settings_.company_downloads) params.emplace_back("company_downloads", "true");
  const auto body = api_.get("/v3/images/" + asset_id + "/downloadhistory", params, stop);
  if (!body) return body.error();
  const auto* rows = array_member(*body, "downloads");
  if (rows == nullptr) return retryable(ErrorCode::kProtocol, "downloadhistory: no array 'downloads'");
  const Json* announced = body->find("result_count");
  const auto count = announced != nullptr ? announced->as_int64() : std::nullopt;
  if (count && *count > static_cast<std::int64_t>(rows->size()))
    return retryable(ErrorCode::kProtocol,
                     fmt::format("downloadhistory: {} of {} announced rows came", rows->size(), *count));
  return *rows;
}

Result<AssetHistory> DownloadHistory::of_asset(const std::string& asset_id, std::stop_token stop) {
  const auto rows = asset_history(asset_id, stop);
  if (!rows) return rows.error();
  AssetHistory out{static_cast<std::int64_t>(rows->size()), std::nullopt, api_.service_time()};
  Page page;
  take_rows(*rows, page, asset_id);
  for (const auto& license : page.licenses) out.newest = std::max(out.newest, std::optional(license.licensed_at));
  return out;
}

/// The history of one asset tells less than the list of downloads, so it can confirm a license but not refute it. A row
/// of the asset that cannot be read may be the one that is looked for.
Result<bool> DownloadHistory::still_listed(const License& license, std::stop_token stop) {
  const auto history = asset_history(license.asset_id, stop);
  if (!history && history.error().code != ErrorCode::kNotFound) return history.error();
  const auto listed = [&](const std::vector<Json>& rows, std::string_view asset_id) {
    Page page;
    take_rows(rows, page, asset_id);
    const bool unreadable = std::any_of(page.rejected.begin(), page.rejected.end(), [&](const RejectedItem& item) {
      return item.key.empty() || item.key == license.asset_id;
    });
    return unreadable || std::any_of(page.licenses.begin(), page.licenses.end(),
                                     [&](const License& row) { return row.license_id == license.license_id; });
  };
  if (history && listed(*history, license.asset_id)) return true;
  const auto rows = read_around(license.licensed_at, stop);
  if (!rows) return rows.error();
  return std::any_of(rows->passes.begin(), rows->passes.end(), [&](const auto& pass) { return listed(pass, {}); });
}

Result<DownloadHistory::Rows> DownloadHistory::read_around(UtcTime moment, std::stop_token stop) {
  Millis span = std::chrono::hours(48);
  while (true) {
    const Window window{.from = moment - span / 2, .to = moment + span / 2};
    auto rows = read_window(window, stop);
    if (!rows || !rows->passes.empty()) return rows;
    const auto less = shorter(window, settings_.rules.precision);
    if (!less) return make_error(ErrorCode::kProtocol, "GET /v3/downloads: too many rows around one download");
    span = *less;
  }
}

}  // namespace damsync::getty
