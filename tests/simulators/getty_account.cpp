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

/// The size of that height, or the largest; null when there is none.
std::optional<GettySimSize> size_of_height(const GettySimImage& image, const std::string& height) {
  const auto sizes = image.sizes();
  if (height.empty()) return sizes.front();
  const auto found = std::find_if(sizes.begin(), sizes.end(),
                                  [&](const GettySimSize& one) { return std::to_string(one.height) == height; });
  return found == sizes.end() ? std::nullopt : std::optional(*found);
}

std::optional<GettySimSize> size_named(const GettySimImage& image, const std::string& name) {
  for (const auto& size : image.sizes())
    if (size.name == name) return size;
  return std::nullopt;
}

/// The member of the body of an order; empty when it is not there.
std::string said(const Json& body, std::string_view key) {
  const Json* value = body.find(key);
  return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string();
}

/// Nothing when it is no object of texts.
std::optional<Json> read_body(const std::string& text) {
  if (text.empty()) return Json::object();
  auto body = parse_json(text);
  if (!body || !body->is_object()) return std::nullopt;
  for (const auto& [key, value] : *body->if_object())
    if (value.if_string() == nullptr && !value.is_null()) return std::nullopt;
  return std::move(*body);
}

std::string signature_of(const std::string& id, const std::string& size, const std::string& expiry) {
  return sha256_hex(id + " " + size + " " + expiry).substr(0, 16);
}

}  // namespace

Json GettySim::download_json(const GettySimDownload& row) const {
  std::string time = format_rfc3339(row.time);
  if (!state_.switches.zone_in_times) time.pop_back();
  Json out = Json::object(
      {{"date_downloaded", time},
       {"id", row.id},
       {"product_type", row.product_type},
       {"agreement_name", "Premium Access 2026"},
       {"thumb_uri", "https://media.gettyimages.com/thumb/" + row.id},
       {"download_details", Json::object({{"download_notes", row.notes}, {"project_code", row.project_code}})}});
  if (state_.switches.dialect == GettySwitches::Dialect::kStartDate) return out;
  out.set("asset_type", row.asset_type).set("product_id", row.product_id).set("size_name", row.size_name);
  out.set("download_source", row.source).set("generated_asset_id", nullptr);
  out.set(
      "user",
      Json::object(
          {{"username", row.username}, {"first_name", row.username}, {"middle_name", nullptr}, {"last_name", "Doe"}}));
  const auto image = state_.images.find(row.id);
  if (image == state_.images.end()) return out;
  out.set("license_model", image->second.license_model);
  if (const auto size = size_named(image->second, row.size_name))
    out.set("dimensions", Json::object({{"width", size->width}, {"height", size->height}, {"dpi", 300}}));
  return out;
}

SimResponse GettySim::list_downloads(const SimRequest& request, const std::string& username) const {
  const bool old = state_.switches.dialect == GettySwitches::Dialect::kStartDate;
  GettyParams params{{"page", getty_rule::number},
                     {"page_size", getty_rule::any},
                     {"product_type", getty_rule::product_type},
                     {"company_downloads", getty_rule::flag}};
  for (const char* date : {old ? "start_date" : "date_from", old ? "end_date" : "date_to"})
    params.emplace(date, getty_rule::any);
  if (!old) params.emplace("use_time", getty_rule::flag);
  if (auto bad = check_params(request, params)) return *bad;
  const auto span =
      read_span(request.param(old ? "start_date" : "date_from"), request.param(old ? "end_date" : "date_to"),
                request.param("use_time") == "true", now_locked());
  if (!span) return refuse(400, "InvalidParameterValue", "Invalid dates");
  const std::string size = request.param("page_size").value_or("30");
  if (!is_getty_page_size(size)) return refuse(400, "InvalidPageSize", "Invalid page_size");
  const auto page = whole_number(request.param("page").value_or("1"));
  if (!page || *page < 1) return refuse(400, "PageNumberLessThanOne", "page must be at least 1");
  const std::string type = request.param("product_type").value_or("");
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
  if (auto bad = check_params(request, {{"company_downloads", getty_rule::flag}})) return *bad;
  if (!state_.images.contains(id)) return refuse(404, "ImageNotFound", "Image id not found: " + id);
  const bool company = request.param("company_downloads") == "true";
  Json rows = Json::array();
  for (const auto& row : state_.downloads) {
    if (row.id != id || row.visible_from > now_locked() || (!company && row.username != username)) continue;
    Json item = download_json(row);
    std::erase_if(*item.if_object(), [](const auto& member) {
      return member.first == "id" || member.first == "download_details" || member.first == "dimensions";
    });
    item.set("download_notes", row.notes).set("project_code", row.project_code);
    rows.push(std::move(item));
  }
  return getty_json(Json::object({{"id", id}, {"downloads", std::move(rows)}}));
}

SimResponse GettySim::list_products(const SimRequest& request) const {
  if (auto bad = check_params(request, {{"fields", getty_rule::product_fields}})) return *bad;
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
    if (request.param("fields"))
      item.set("download_requirements", Json::object({{"is_note_required", product.note_required},
                                                      {"is_project_code_required", product.project_code_required},
                                                      {"project_codes", std::move(codes)}}));
    list.push(std::move(item));
  }
  return getty_json(Json::object({{"products", std::move(list)}}));
}

/// The product named, or the first of the kind named, or the first.
GettySimProduct* GettySim::paying_product(const SimRequest& request) {
  const auto id = request.param("product_id");
  const auto type = request.param("product_type");
  for (auto& product : state_.products)
    if (product.active && (!id || std::to_string(product.id) == *id) && (!type || product.type == *type))
      return &product;
  return nullptr;
}

std::variant<GettySim::Order, SimResponse> GettySim::read_order(const SimRequest& request, const GettySimImage& image) {
  const auto body = read_body(request.body);
  if (!body) return refuse(400, "MalformedRequest", "The body is no JSON object of texts");
  Order order{paying_product(request), {}, said(*body, "download_notes"), said(*body, "project_code")};
  const auto size = size_of_height(image, request.param("height").value_or(""));
  if (!size || request.param("file_type") == "eps")
    return refuse(404, "FileDownloadSizeNotFound", "The image is not offered in this size");
  order.size = *size;
  if (order.product == nullptr) return refuse(403, "NoAccessToProductType", "No product offering found");
  const auto& product = *order.product;
  if (product.remaining <= 0) return refuse(403, "OverageLimitReached", "The overage limit is reached");
  if ((product.note_required && order.notes.empty()) || (product.project_code_required && order.project_code.empty()))
    return refuse(400, "MissingRequiredQueryParameters", "The product requires notes or a project code");
  const auto& codes = product.project_codes;
  if (!order.project_code.empty() && !codes.empty() &&
      std::find(codes.begin(), codes.end(), order.project_code) == codes.end())
    return refuse(400, "InvalidParameterValue", "The project code is not known");
  return order;
}

SimResponse GettySim::execute_download(const SimRequest& request, const std::string& id, const std::string& username) {
  if (auto bad = check_params(request, {{"auto_download", getty_rule::flag},
                                        {"file_type", getty_rule::file_type},
                                        {"height", getty_rule::number_or_blank},
                                        {"product_id", getty_rule::number},
                                        {"product_type", getty_rule::product_type},
                                        {"use_team_credits", getty_rule::flag}}))
    return *bad;
  const auto image = state_.images.find(id);
  if (image == state_.images.end() || image->second.withdrawn)
    return refuse(404, "ImageNotFound", "Image id not found: " + id);
  const auto read = read_order(request, image->second);
  if (const auto* refused = std::get_if<SimResponse>(&read)) return *refused;
  const Order& order = std::get<Order>(read);

  --order.product->remaining;
  ++books_.executions[id];
  const UtcTime now = now_locked();
  state_.downloads.push_back({.id = id,
                              .time = std::chrono::floor<std::chrono::seconds>(now),
                              .username = username,
                              .asset_type = "image",
                              .product_type = order.product->type,
                              .product_id = order.product->id,
                              .size_name = order.size.name,
                              .source = "api",
                              .notes = order.notes,
                              .project_code = order.project_code,
                              .visible_from = now + state_.switches.history_lag});
  const auto expiry = std::to_string(to_millis(now + state_.switches.uri_lifetime));
  const std::string uri = request.base() + "/delivery/0/" + id + "?size=" + order.size.name + "&e=" + expiry +
                          "&s=" + signature_of(id, order.size.name, expiry);
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
  const std::string name = request.param("size").value_or("");
  const bool genuine = request.param("s") == signature_of(id, name, expiry);
  const auto image = state_.images.find(id);
  const auto size = image == state_.images.end() ? std::nullopt : size_named(image->second, name);
  SimResponse response;
  if (!genuine || !until || from_millis(*until) <= now_locked() || !size) {
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
  response.set_body(make_jpeg({.seed = seed, .width = size->width, .height = size->height}), "image/jpeg");
  response.set_header("Content-Disposition", "attachment; filename=GettyImages-" + id + ".jpg");
  response.bad.no_length = state_.switches.delivery_without_length;
  ++books_.files[id];
  books_.file_bytes += static_cast<std::int64_t>(response.body.size());
  return response;
}

}  // namespace damsync
