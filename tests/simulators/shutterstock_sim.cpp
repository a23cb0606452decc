#include "tests/simulators/shutterstock_sim.h"

#include <cstdio>

#include "storage/base/digest.h"
#include "tests/simulators/shutterstock_answers.h"

namespace damsync {
namespace {

constexpr const char* kPurchase = "POST /v2/images/licenses";
constexpr const char* kUnknown = "unknown";

/// The scope a bearer route asks for; null: a route for everybody who is known.
const char* scope_of(const std::string& route) {
  static const std::map<std::string, const char*> kScopes = {
      {"GET /v2/images/licenses", "licenses.view"},
      {"POST /v2/images/licenses/{id}/downloads", "licenses.view"},
      {kPurchase, "licenses.create"},
      {"GET /v2/user/subscriptions", "purchases.view"},
      {"GET /v2/user", "user.view"},
      {"GET /v2/user/access_token", ""},
      {"GET /v2/images/collections", "collections.view"},
      {"GET /v2/images/collections/{id}", "collections.view"},
      {"GET /v2/images/collections/{id}/items", "collections.view"},
      {"GET /v2/images/collections/featured/{id}", "collections.view"},
      {"GET /v2/images/collections/featured/{id}/items", "collections.view"},
  };
  const auto found = kScopes.find(route);
  return found == kScopes.end() ? nullptr : found->second;
}

SimResponse no_access() {
  return message_answer(
      403, "You do not have access to this route. Please contact your account manager for more information");
}

std::string unquoted(std::string text) {
  if (text.starts_with("W/")) text.erase(0, 2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

ShutterstockSim::Route ShutterstockSim::route_of(const SimRequest& request) const {
  const auto parts = path_segments(request.path);
  const auto is = [&](std::size_t at, std::string_view text) { return at < parts.size() && parts[at] == text; };
  const auto named = [&](const std::string& path, const std::string& id = {}) {
    return Route{request.method + " " + path, id};
  };
  if (is(0, "gatekeeper") && parts.size() == 3) return named("/gatekeeper", parts[1]);
  if (!is(0, "v2")) return {kUnknown, {}};
  if (is(1, "user") || is(1, "oauth")) return named(request.path);
  if (!is(1, "images")) return {kUnknown, {}};
  if (parts.size() == 2) return named(request.path);
  if (is(2, "collections") && is(3, "featured") && parts.size() == 5)
    return named("/v2/images/collections/featured/{id}", parts[4]);
  if (is(2, "collections") && is(3, "featured") && parts.size() == 6 && is(5, "items"))
    return named("/v2/images/collections/featured/{id}/items", parts[4]);
  if (is(2, "collections") && parts.size() == 4) return named("/v2/images/collections/{id}", parts[3]);
  if (is(2, "collections") && parts.size() == 5 && is(4, "items")) {
    return named("/v2/images/collections/{id}/items", parts[3]);
  }
  if (is(2, "licenses") && parts.size() == 5 && is(4, "downloads")) {
    return named("/v2/images/licenses/{id}/downloads", parts[3]);
  }
  if (parts.size() != 3) return {kUnknown, {}};
  if (is(2, "updated") || is(2, "licenses") || is(2, "categories") || is(2, "collections")) return named(request.path);
  return named("/v2/images/{id}", parts[2]);
}

SimResponse ShutterstockSim::dispatch(const SimRequest& request, const Route& route) {
  if (!request.well_formed_target) {
    SimResponse response;
    response.status = 400;
    response.set_body("<html><head><title>400 Bad Request</title></head><body>nginx</body></html>\n", "text/html");
    return response;
  }
  if (route.name == "GET /gatekeeper") return serve_file(request);
  const std::string* agent = request.header("User-Agent");
  if (agent == nullptr || agent->empty()) return message_answer(400, "A User-Agent header is required");
  if (route.name == "GET /v2/oauth/authorize") return authorize(request);
  if (route.name == "POST /v2/oauth/access_token") return issue_token(request);

  const Caller caller = authenticate(request);
  if (caller.token == nullptr && !caller.known_client) return message_answer(401, "Invalid access token");
  if (const char* scope = scope_of(route.name)) {
    if (caller.token == nullptr) return no_access();
    if (*scope != '\0' && caller.token->scopes.count(scope) == 0) return no_access();
    return dispatch_bearer(request, route, *caller.token);
  }
  if (route.name == "GET /v2/images") return list_images(request);
  if (route.name == "GET /v2/images/{id}") return one_image(request, route.id);
  if (route.name == "GET /v2/images/updated") return list_updated(request);
  if (route.name == "GET /v2/images/categories") return list_categories();
  return json_answer(Json::object({{"message", "Not Found"}, {"code", "INTERNAL"}}), 404);
}

SimResponse ShutterstockSim::dispatch_bearer(const SimRequest& request, const Route& route, const SimToken& token) {
  if (route.name == "GET /v2/images/licenses") return list_licenses(request, token);
  if (route.name == "POST /v2/images/licenses/{id}/downloads") return redownload(request, route.id);
  if (route.name == "GET /v2/user/subscriptions") return list_subscriptions();
  if (route.name == "GET /v2/user") return show_user(token);
  if (route.name == "GET /v2/user/access_token") return show_token(token);
  if (route.name == "GET /v2/images/collections") return list_collections(request);
  if (route.name == "GET /v2/images/collections/{id}") return one_collection(request, state_.collections, route.id);
  if (route.name == "GET /v2/images/collections/{id}/items")
    return list_collection_items(request, state_.collections, route.id);
  if (route.name == "GET /v2/images/collections/featured/{id}")
    return one_collection(request, state_.featured, route.id);
  if (route.name == "GET /v2/images/collections/featured/{id}/items")
    return list_collection_items(request, state_.featured, route.id);
  return no_access();  // buying, even for a token that may: this provider never sells
}

ShutterstockSim::Caller ShutterstockSim::authenticate(const SimRequest& request) const {
  const std::string* header = request.header("Authorization");
  if (header == nullptr) return {};
  if (header->starts_with("Bearer ")) {
    const auto found = state_.tokens.find(header->substr(7));
    if (found == state_.tokens.end()) return {};
    if (found->second.expires_at && *found->second.expires_at <= now_locked()) return {};
    return {&found->second, true};
  }
  if (!header->starts_with("Basic ")) return {};
  const std::string pair = base64_decode(std::string_view(*header).substr(6)).value_or("");
  const auto colon = pair.find(':');
  if (colon == std::string::npos) return {};
  const auto found = state_.clients.find(pair.substr(0, colon));
  return {nullptr, found != state_.clients.end() && found->second.secret == pair.substr(colon + 1)};
}

/// A call that would buy counts even when a fault is its answer.
void ShutterstockSim::finish(const SimRequest& request, const Route& route, SimResponse& response) {
  if (route.name == kPurchase) ++books_.purchases;
  add_headers(request, route, response);
  if (response.bad.delay.count() == 0) response.bad.delay = state_.switches.latency;
}

void ShutterstockSim::add_headers(const SimRequest& request, const Route& route, SimResponse& response) const {
  response.set_header("Date", format_http_date(now_locked()));
  if (route.name == "GET /gatekeeper") return;
  const auto slash = route.name.find('/');
  if (slash != std::string::npos) response.set_header("X-Shutterstock-Resource", route.name.substr(slash));
  response.set_header("X-Shutterstock-App-Version", "apitwo-742");
  response.set_header("Cache-Control", route.name == "GET /v2/images/{id}" ? "private; max-age: 60" : "no-cache");
  if (request.method != "GET" || response.status != 200 || !state_.switches.etags) return;
  const std::string etag = sha256_hex(response.body).substr(0, 32);
  response.set_header("Etag", etag);
  const std::string* known = request.header("If-None-Match");
  if (known == nullptr || unquoted(*known) != etag) return;
  response.status = 304;
  response.body.clear();
}

}  // namespace damsync
