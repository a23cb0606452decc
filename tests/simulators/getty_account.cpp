#include <algorithm>
#include <charconv>

#include "storage/base/digest.h"
#include "sync/http/json_reader.h"
#include "tests/simulators/getty_sim.h"
#include "tests/simulators/media_bytes.h"

namespace damsync {
namespace {

constexpr std::chrono::days kLongestWindow{30};

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// A date, or a date-time whose zone is optional.
std::optional<UtcTime> parse_moment(const std::string& text) {
  if (const auto time = parse_rfc3339(text, MissingZone::kUtc)) return *time;
  if (const auto day = parse_date(text)) return UtcTime(*day);
  return std::nullopt;
}

struct Span {
  UtcTime from{};
  UtcTime to{};
};

/// The window as the service understands it: a month by default, and whole days unless told otherwise.
std::optional<Span> read_span(std::optional<std::string> from, std::optional<std::string> to, bool use_time,
                              UtcTime now) {
  const auto first = from ? parse_moment(*from) : std::nullopt;
  const auto last = to ? parse_moment(*to) : std::nullopt;
  if ((from && !first) || (to && !last)) return std::nullopt;
  Span span;
  span.to = last ? *last : first ? std::min<UtcTime>(now, *first + kLongestWindow) : now;
  span.from = first ? *first : span.to - kLongestWindow;
  if (span.to < span.from || span.to - span.from > kLongestWindow) return std::nullopt;
  if (use_time) return span;
  span.from = std::chrono::floor<std::chrono::days>(span.from);
  span.to = std::chrono::floor<std::chrono::days>(span.to) + std::chrono::days(1) - Millis(1);
  return span;
}

bool is_product_type(const std::string& type) {
  static const std::set<std::string> kTypes{"easyaccess", "editorialsubscription",   "imagepack", "premiumaccess",
                                            "creditpack", "royaltyfreesubscription", "aigen"};
  return kTypes.contains(type);
}

}  // namespace

Json GettySim::download_json(const GettySimDownload& row) const {
  std::string time = format_rfc3339(row.time);
  if (!state_.switches.zone_in_times) time.pop_back();
  Json out = Json::object({{"date_downloaded", time},
                           {"id", row.id},
                           {"asset_type", row.asset_type},
                           {"product_type", row.product_type},
                           {"agreement_name", "Premium Access 2026"},
                           {"thumb_uri", "https://media.gettyimages.com/thumb/" + row.id},
                           {"size_name", row.size_name},
                           {"user", Json::object({{"username", row.username}})}});
  if (state_.switches.dialect == GettySwitches::Dialect::kDateFrom) out.set("product_id", row.product_id);
  return out;
}

SimResponse GettySim::list_downloads(const SimRequest& request, const std::string& username) const {
  const bool old = state_.switches.dialect == GettySwitches::Dialect::kStartDate;
  const Allowed today{"date_from", "date_to", "use_time", "page", "page_size", "product_type", "company_downloads"};
  const Allowed then{"start_date", "end_date", "page", "page_size", "product_type", "company_downloads"};
  if (auto bad = check_params(request, old ? then : today)) return *bad;
  const auto span =
      read_span(request.param(old ? "start_date" : "date_from"), request.param(old ? "end_date" : "date_to"),
                request.param("use_time") == "true", now_locked());
  if (!span) return refuse(400, "InvalidParameterValue", "Invalid dates");
  const std::string size = request.param("page_size").value_or("30");
  if (!is_getty_page_size(size)) return refuse(400, "InvalidPageSize", "Invalid page_size");
  const auto page = whole_number(request.param("page").value_or("1"));
  if (!page || *page < 1) return refuse(400, "PageNumberLessThanOne", "page must be at least 1");
  const std::string type = request.param("product_type").value_or("");
  if (!type.empty() && !is_product_type(type)) return refuse(400, "InvalidParameterValue", "Invalid product_type");
  if (type == "creditpack" && !state_.switches.credits_entitled)
    return refuse(403, "NoAccessToProductType", "No access to product type creditpack");
  const bool company = request.param("company_downloads") == "true";
  if (company && !state_.switches.company_entitled) return refuse(403, "Forbidden", "company_downloads is not enabled");

  std::vector<const GettySimDownload*> rows;
  for (const auto& row : state_.downloads) {
    const bool wanted = type.empty() ? row.product_type != "creditpack" : row.product_type == type;
    const bool within = row.time >= span->from && row.time <= span->to && row.visible_from <= now_locked();
    if (wanted && within && (company || row.username == username)) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return a->time > b->time; });
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t per_page = *whole_number(size);
  const std::int64_t first = (*page - 1) * per_page;
  if (*page > 1 && first >= count) {
    const std::int64_t last = std::max<std::int64_t>(1, (count + per_page - 1) / per_page);
    return refuse(
        400, "InvalidPage",
        "page must be less than or equal to " + std::to_string(last) + ", results count " + std::to_string(count));
  }
  Json list = Json::array();
  for (std::int64_t i = first; i < std::min(count, first + per_page); ++i)
    list.push(download_json(*rows[static_cast<std::size_t>(i)]));
  return getty_json(Json::object({{"result_count", count}, {"downloads", std::move(list)}}));
}

SimResponse GettySim::asset_history(const SimRequest& request, const std::string& id,
                                    const std::string& username) const {
  if (auto bad = check_params(request, {"company_downloads"})) return *bad;
  if (!state_.images.contains(id)) return refuse(404, "ImageNotFound", "Image id not found: " + id);
  const bool company = request.param("company_downloads") == "true";
  Json rows = Json::array();
  for (const auto& row : state_.downloads) {
    if (row.id != id || row.visible_from > now_locked() || (!company && row.username != username)) continue;
    Json item = download_json(row);
    std::erase_if(*item.if_object(), [](const auto& member) { return member.first == "id"; });
    item.set("download_notes", row.notes).set("project_code", row.project_code);
    rows.push(std::move(item));
  }
  return getty_json(Json::object({{"id", id}, {"downloads", std::move(rows)}}));
}

SimResponse GettySim::list_products(const SimRequest& request) const {
  if (auto bad = check_params(request, {"fields"})) return *bad;
  Json list = Json::array();
  for (const auto& product : state_.products) {
    Json codes = Json::array();
    for (const auto& code : product.project_codes) codes.push(code);
    Json item = Json::object({{"id", product.id},
                              {"name", product.type},
                              {"type", product.type},
                              {"status", product.active ? "active" : "inactive"},
                              {"agreement_name", product.agreement_name},
                              {"downloads_remaining", product.remaining},
                              {"download_limit", product.limit},
                              {"download_limit_duration", "monthly"}});
    if (request.param("fields") == "download_requirements")
      item.set("download_requirements", Json::object({{"is_note_required", product.note_required},
                                                      {"is_project_code_required", product.project_code_required},
                                                      {"project_codes", std::move(codes)}}));
    list.push(std::move(item));
  }
  return getty_json(Json::object({{"products", std::move(list)}}));
}

SimResponse GettySim::execute_download(const SimRequest& request, const std::string& id, const std::string& username) {
  if (auto bad = check_params(
          request, {"auto_download", "file_type", "height", "product_id", "product_type", "use_team_credits"}))
    return *bad;
  const auto image = state_.images.find(id);
  if (image == state_.images.end() || image->second.withdrawn)
    return refuse(404, "ImageNotFound", "Image id not found: " + id);
  const auto wanted = whole_number(request.param("product_id").value_or(""));
  const auto product = std::find_if(state_.products.begin(), state_.products.end(), [&](const GettySimProduct& one) {
    return one.active && (!wanted || one.id == *wanted);
  });
  if (product == state_.products.end()) return refuse(403, "Forbidden", "No product offering found");
  if (product->remaining <= 0) return refuse(403, "OverageLimitReached", "The overage limit is reached");
  const auto body = parse_json(request.body);
  const auto said = [&](std::string_view key) {
    const Json* value = body ? body->find(key) : nullptr;
    return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string();
  };
  if ((product->note_required && said("download_notes").empty()) ||
      (product->project_code_required && said("project_code").empty()))
    return refuse(400, "MissingRequiredQueryParameters", "The product requires notes or a project code");

  --product->remaining;
  ++books_.executions[id];
  const UtcTime now = now_locked();
  state_.downloads.push_back({.id = id,
                              .time = std::chrono::floor<std::chrono::seconds>(now),
                              .username = username,
                              .asset_type = "image",
                              .product_type = product->type,
                              .product_id = product->id,
                              .size_name = "x_large",
                              .notes = said("download_notes"),
                              .project_code = said("project_code"),
                              .visible_from = now + state_.switches.history_lag});
  const auto expiry = to_millis(now + state_.switches.uri_lifetime);
  const std::string uri = request.base() + "/delivery/0/" + id + "?e=" + std::to_string(expiry) +
                          "&s=" + sha256_hex(id + std::to_string(expiry)).substr(0, 16);
  if (request.param("auto_download") == "false") return getty_json(Json::object({{"uri", uri}}));
  SimResponse response;
  response.status = 303;
  response.set_header("Location", uri);
  return response;
}

SimResponse GettySim::deliver(const SimRequest& request, const std::string& id) {
  if (request.header("Authorization") != nullptr || request.header("Api-Key") != nullptr) ++books_.credentials_on_files;
  const std::string expiry = request.param("e").value_or("0");
  const auto until = whole_number(expiry);
  const bool genuine = request.param("s") == sha256_hex(id + expiry).substr(0, 16);
  const auto image = state_.images.find(id);
  SimResponse response;
  if (!genuine || !until || from_millis(*until) <= now_locked() || image == state_.images.end()) {
    response.status = 403;
    response.set_body("<html><head><title>Expired</title></head></html>", "text/html");
    return response;
  }
  if (state_.switches.delivery_redirects && request.path.starts_with("/delivery/0/")) {
    response.status = 302;
    response.set_header("Location", "/delivery/1/" + request.target.substr(std::string("/delivery/0/").size()));
    return response;
  }
  const std::string seed = state_.switches.static_test_image ? "test image" : id;
  response.set_body(make_jpeg({.seed = seed, .width = image->second.width, .height = image->second.height}),
                    "image/jpeg");
  response.set_header("Content-Disposition", "attachment; filename=GettyImages-" + id + ".jpg");
  response.bad.no_length = state_.switches.delivery_without_length;
  ++books_.files[id];
  books_.file_bytes += static_cast<std::int64_t>(response.body.size());
  return response;
}

}  // namespace damsync
