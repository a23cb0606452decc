#include <algorithm>

#include "storage/base/time.h"
#include "sync/http/json_reader.h"
#include "tests/simulators/eastern_time.h"
#include "tests/simulators/shutterstock_answers.h"
#include "tests/simulators/shutterstock_sim.h"

namespace damsync {
namespace {

/// What the history is narrowed to.
struct HistoryFilter {
  std::optional<std::string> image_id;
  std::optional<std::string> license;  ///< a leading `-` excludes
  std::optional<std::string> username;
  std::string availability = "all";
  std::optional<UtcTime> from;
  std::optional<UtcTime> to;

  [[nodiscard]] bool lets_pass(const SimLicense& row) const {
    if (image_id && row.image_id != *image_id) return false;
    if (username && row.username != *username) return false;
    if (license && license->starts_with('-') && row.license == license->substr(1)) return false;
    if (license && !license->starts_with('-') && row.license != *license) return false;
    if (availability != "all" && row.downloadable != (availability == "downloadable")) return false;
    if (from && row.download_time < *from) return false;
    return !to || row.download_time < *to;
  }
};

std::optional<UtcTime> read_time(const SimRequest& request, const char* name, ParameterCheck& check) {
  const auto text = request.param(name);
  if (!text) return std::nullopt;
  if (const auto time = parse_rfc3339(*text, MissingZone::kUtc)) return *time;
  if (const auto day = parse_date(*text)) return UtcTime(*day);
  check.mistake("VALIDATION_FORMAT", "Invalid format, expected date-time", *text, "$.query." + std::string(name));
  return std::nullopt;
}

HistoryFilter read_filter(const SimRequest& request, const ShutterstockSwitches& switches, ParameterCheck& check) {
  HistoryFilter filter;
  filter.image_id = request.param("image_id");
  if (filter.image_id && !is_image_id(*filter.image_id)) {
    check.mistake("VALIDATION_PATTERN", "Invalid image id", *filter.image_id, "$.query.image_id");
  }
  filter.license = request.param("license");
  filter.username = request.param("username");
  if (switches.license_availability) {
    filter.availability = check.word("download_availability", "all", {"all", "downloadable", "non_downloadable"});
  }
  if (!switches.license_dates) return filter;
  filter.from = read_time(request, "start_date", check);
  filter.to = read_time(request, "end_date", check);
  if (filter.from && filter.to && *filter.from > *filter.to) {
    check.mistake("VALIDATION_RANGE", "start_date must not be after end_date", *request.param("start_date"),
                  "$.query.start_date");
  }
  return filter;
}

bool is_size(const std::string& size) {
  static const std::set<std::string> kSizes = {"small", "medium", "huge", "supersize", "vector"};
  return kSizes.count(size) > 0;
}

/// The size asked for in the body of a redownload, or `fallback`; a mistake when the body is none.
std::string read_size(const SimRequest& request, const std::string& fallback, ParameterCheck& check) {
  const auto body = parse_json(request.body);
  if (!body || !body->is_object()) {
    check.mistake("VALIDATION_TYPE_MISMATCH", "Invalid type (expected object)", "", "$.body");
    return fallback;
  }
  const Json* size = body->find("size");
  if (size == nullptr) return fallback;
  const std::string text = size->if_string() != nullptr ? *size->if_string() : "";
  if (!is_size(text)) {
    check.mistake("VALIDATION_ENUM_MISMATCH",
                  "No enum match (" + text + "), expects: small, medium, huge, supersize, vector", text, "$.body.size");
  }
  return text;
}

}  // namespace

SimResponse ShutterstockSim::list_licenses(const SimRequest& request, const SimToken& token) {
  ParameterCheck check(request);
  const auto page = static_cast<std::size_t>(check.integer("page", 1, 1, 1'000'000'000));
  const auto per_page = static_cast<std::size_t>(check.integer("per_page", 20, 0, 200));
  const bool newest = check.word("sort", "newest", {"newest", "oldest"}) == "newest";
  HistoryFilter filter = read_filter(request, state_.switches, check);
  const bool whole_team = state_.switches.team_history && check.flag("team_history");
  if (check.failed()) return check.refusal();
  if (!whole_team && filter.username && *filter.username != token.username) filter.username = std::string();
  if (!whole_team && !filter.username) filter.username = token.username;

  const auto& all = state_.licenses();
  const std::size_t first = (page - 1) * per_page;
  std::size_t matched = 0;
  Json data = Json::array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const SimLicense& row = *all[newest ? all.size() - 1 - i : i];
    if (!filter.lets_pass(row) || row.download_time > now_locked()) continue;
    if (matched >= first && matched < first + per_page) data.push(license_json(row, state_.switches));
    ++matched;
  }
  Json list = Json::object({{"data", std::move(data)}});
  if (state_.switches.page_fields) {
    list.set("page", static_cast<std::int64_t>(page));
    list.set("per_page", static_cast<std::int64_t>(per_page));
  }
  if (state_.switches.total_count) list.set("total_count", static_cast<std::int64_t>(matched));
  return json_answer(list);
}

SimResponse ShutterstockSim::redownload(const SimRequest& request, const std::string& license_id) {
  const SimLicense* license = state_.license(license_id);
  ParameterCheck check(request);
  const std::string* type = request.header("Content-Type");
  if (type == nullptr || !type->starts_with("application/json")) {
    check.mistake("VALIDATION_CONTENT_TYPE", "Content-Type must be application/json", "", "$.headers");
  }
  const std::string size = read_size(request, license == nullptr ? "huge" : license->size, check);
  if (check.failed()) return check.refusal();
  if (license == nullptr || license->media != "image") return message_answer(404, "Not Found");
  const SimImage* image = state_.image(license->image_id);
  if (!license->downloadable || image == nullptr) {
    return message_answer(state_.switches.not_downloadable_status, "This license can no longer be downloaded");
  }
  if (!image->rendition(size)) return message_answer(404, "The requested size is not available");
  ++books_.redownloads[license_id];
  return json_answer(Json::object({{"url", file_url_locked(request.base(), image->id, size)}}));
}

SimResponse ShutterstockSim::list_subscriptions() {
  Json data = Json::array();
  for (const auto& one : state_.subscriptions) {
    Json formats = Json::array();
    for (const char* size : {"small", "medium", "huge"}) {
      formats.push(Json::object({{"size", size}, {"format", "jpg"}, {"media_type", "image"}, {"description", size}}));
    }
    formats.push(
        Json::object({{"size", "vector"}, {"format", "eps"}, {"media_type", "image"}, {"description", "vector"}}));
    Json row = Json::object({{"id", one.id},
                             {"expiration_time", format_eastern(one.expiration)},
                             {"license", one.license},
                             {"description", one.description},
                             {"formats", std::move(formats)}});
    if (one.allotment) {
      row.set("allotment", Json::object({{"start_time", format_eastern(one.allotment->start)},
                                         {"end_time", format_eastern(one.allotment->end)},
                                         {"downloads_left", one.allotment->left},
                                         {"downloads_limit", one.allotment->limit}}));
    }
    data.push(std::move(row));
  }
  return json_answer(Json::object({{"data", std::move(data)}}));
}

}  // namespace damsync
