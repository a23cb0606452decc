#include "tests/simulators/getty_sim.h"

#include <algorithm>
#include <array>

namespace damsync {
SimResponse getty_json(const Json& body, int status) {
  return json_response(body, status, "application/json; charset=utf-8");
}

bool is_getty_page_size(std::string_view text) {
  constexpr std::array<std::string_view, 16> kSizes{"1",  "2",  "3",  "4",  "5",  "6",  "10", "12",
                                                    "15", "20", "25", "30", "50", "60", "75", "100"};
  return std::find(kSizes.begin(), kSizes.end(), text) != kSizes.end();
}

void GettySim::finish(const SimRequest&, const Route&, SimResponse& response) {
  response.set_header("Date", format_http_date(now_locked()));
}

GettySim::Route GettySim::route_of(const SimRequest& request) const {
  const auto parts = path_segments(request.path);
  const auto named = [&](const std::string& path, const std::string& id = {}) {
    return Route{request.method + " " + path, id};
  };
  if (parts.size() == 3 && parts[0] == "delivery") return named("/delivery/{id}", parts[2]);
  if (parts.size() == 3 && parts[1] == "images" && parts[0] == "v3") return named("/v3/images/{id}", parts[2]);
  if (parts.size() == 4 && parts[0] == "v3" && parts[1] == "images")
    return named("/v3/images/{id}/" + parts[3], parts[2]);
  if (parts.size() == 4 && parts[1] == "downloads" && parts[2] == "images")
    return named("/v3/downloads/images/{id}", parts[3]);
  if (parts.size() == 4 && parts[2] == "change-sets") return named("/v3/asset-changes/change-sets/{id}", parts[3]);
  return named(request.path);
}

SimResponse GettySim::refuse(int status, const std::string& code, const std::string& text) const {
  using Envelope = GettySwitches::Envelope;
  switch (state_.switches.envelope) {
    case Envelope::kErrorCode: return getty_json(Json::object({{"ErrorCode", code}, {"ErrorMessage", text}}), status);
    case Envelope::kCode: return getty_json(Json::object({{"code", code}, {"message", text}}), status);
    case Envelope::kMessage: return getty_json(Json::object({{"message", text}}), status);
    case Envelope::kEmpty: break;
  }
  SimResponse response;
  response.status = status;
  return response;
}

SimResponse GettySim::over_limit(const std::string& detail) const {
  const bool old = state_.switches.throttling == GettySwitches::Throttling::kForbidden;
  const std::string said = old ? detail : "Too Many Requests";
  auto response = getty_json(Json::object({{"message", said}}), old ? 403 : 429);
  response.set_header("X-Error-Detail", detail);
  return response;
}

std::optional<SimResponse> GettySim::check_limits() {
  const auto today = std::chrono::floor<std::chrono::days>(now_locked());
  if (today != today_) calls_today_ = 0;
  today_ = today;
  ++calls_today_;
  if (state_.throttle_next > 0) {
    --state_.throttle_next;
    return over_limit("Account Over Queries Per Second Limit");
  }
  if (state_.switches.calls_per_day && calls_today_ > *state_.switches.calls_per_day)
    return over_limit("Account Over Rate Limit");
  return std::nullopt;
}

std::optional<SimResponse> GettySim::check_params(const SimRequest& request, const GettyParams& allowed) const {
  const auto wrong = [this](const std::string& name, const std::string& why) {
    return refuse(400, "InvalidRequest", "Field: " + name + ", Message: " + why);
  };
  for (const auto& [name, value] : request.query) {
    const auto known = allowed.find(name);
    if (known == allowed.end()) return wrong(name, "the parameter is not known.");
    if (request.params(name).size() > 1) return wrong(name, "the parameter is given twice.");
    if (!known->second(value)) return wrong(name, "The value '" + value + "' is not valid.");
  }
  return std::nullopt;
}

std::optional<std::string> GettySim::user_of(const SimRequest& request) const {
  const std::string* header = request.header("Authorization");
  if (header == nullptr || !header->starts_with("Bearer ")) return std::nullopt;
  const auto found = state_.tokens.find(header->substr(7));
  if (found == state_.tokens.end() || found->second.expires_at <= now_locked()) return std::nullopt;
  return found->second.username;
}

SimResponse GettySim::dispatch(const SimRequest& request, const Route& route) {
  if (route.name == "GET /delivery/{id}") return deliver(request, route.id);
  if (auto limited = check_limits()) return *limited;
  if (route.name == "POST /oauth2/token") return issue_token(request);
  if (route.name == "GET /oauth2/auth") return authorize(request);
  const std::string* key = request.header("Api-Key");
  if (key == nullptr || *key != state_.api_key) return getty_json(Json::object({{"message", "Account Inactive"}}), 403);
  if (request.header("Authorization") != nullptr && !user_of(request))
    return refuse(401, "AuthorizationTokenRequired", "The access token is missing or expired");
  if (route.name == "GET /v3/images") return list_images(request);
  if (route.name == "GET /v3/images/{id}") return one_image(request, route.id);
  if (route.name == "GET /v3/images/{id}/same-series" || route.name == "GET /v3/images/{id}/similar")
    return related(request, route);
  const auto username = user_of(request);
  if (!username) return refuse(401, "AuthorizationTokenRequired", "The access token is missing");
  return dispatch_user(request, route, *username);
}

SimResponse GettySim::dispatch_user(const SimRequest& request, const Route& route, const std::string& username) {
  if (route.name == "GET /v3/downloads") return list_downloads(request, username);
  if (route.name == "GET /v3/images/{id}/downloadhistory") return asset_history(request, route.id, username);
  if (route.name == "GET /v3/products") return list_products(request);
  if (route.name == "POST /v3/downloads/images/{id}") return execute_download(request, route.id, username);
  if (!state_.switches.channels_entitled)
    return refuse(403, "Forbidden", "Your access token does not authorize access");
  if (route.name == "GET /v3/asset-changes/channels") return list_channels(request);
  if (route.name == "PUT /v3/asset-changes/change-sets") return next_change_set(request);
  if (route.name == "DELETE /v3/asset-changes/change-sets/{id}") return confirm_change_set(route.id);
  return refuse(404, "ResourceNotFound", "No such resource");
}

}  // namespace damsync
