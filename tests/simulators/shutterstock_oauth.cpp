#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "storage/base/text.h"
#include "storage/base/time.h"
#include "sync/http/json_reader.h"
#include "tests/simulators/shutterstock_answers.h"
#include "tests/simulators/shutterstock_sim.h"

namespace damsync {
namespace {

/// The fields of a token request, sent as a form or as JSON.
std::map<std::string, std::string> read_fields(const SimRequest& request) {
  std::map<std::string, std::string> fields;
  const std::string* type = request.header("Content-Type");
  if (type != nullptr && type->starts_with("application/json")) {
    const auto body = parse_json(request.body);
    if (!body || !body->is_object()) return fields;
    for (const auto& [key, value] : *body->if_object()) {
      if (const auto* text = value.if_string()) fields[key] = *text;
    }
    return fields;
  }
  bool well_formed = true;
  for (auto& [key, value] : parse_form(request.body, well_formed)) fields[key] = value;
  return fields;
}

constexpr std::array<std::string_view, 11> kScopes = {
    "collections.edit", "collections.view", "earnings.view", "licenses.create", "licenses.view", "media.edit",
    "media.submit",     "media.upload",     "media.view",    "purchases.view",  "user.view"};

/// The scopes a request names, separated by blanks; nothing when one is none. Without any it is the user's name.
std::optional<std::set<std::string>> read_scopes(const std::string& text) {
  std::set<std::string> scopes;
  std::istringstream words(text.empty() ? "user.view" : text);
  for (std::string word; words >> word; scopes.insert(word))
    if (std::find(kScopes.begin(), kScopes.end(), word) == kScopes.end()) return std::nullopt;
  return scopes;
}

bool is_realm(const std::string& text) { return text.empty() || text == "customer" || text == "contributor"; }

}  // namespace

SimResponse ShutterstockSim::show_user(const SimToken& token) {
  return json_answer(Json::object({{"id", "7777"},
                                   {"username", token.username},
                                   {"full_name", token.username},
                                   {"first_name", token.username},
                                   {"last_name", ""},
                                   {"language", "en"},
                                   {"customer_id", "7777"},
                                   {"is_premier", false},
                                   {"only_sensitive_use", false},
                                   {"only_enhanced_license", false}}));
}

SimResponse ShutterstockSim::show_token(const SimToken& token) {
  Json scopes = Json::array();
  for (const auto& scope : token.scopes) scopes.push(scope);
  Json json = Json::object({{"client_id", state_.clients.empty() ? "sandbox" : state_.clients.begin()->first},
                            {"realm", "customer"},
                            {"scopes", std::move(scopes)},
                            {"username", token.username},
                            {"user_id", "7777"},
                            {"customer_id", "7777"},
                            {"expires_in", nullptr}});
  if (token.expires_at) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(*token.expires_at - now_locked());
    json.set("expires_in", static_cast<std::int64_t>(left.count()));
  }
  return json_answer(json);
}

SimResponse ShutterstockSim::authorize(const SimRequest& request) {
  const auto redirect = request.param("redirect_uri");
  const std::string client = request.param("client_id").value_or("");
  if (!redirect || state_.clients.count(client) == 0 || request.param("response_type") != "code") {
    return message_answer(400, "Invalid client_id, redirect_uri or response_type");
  }
  const auto asked = read_scopes(request.param("scope").value_or(""));
  if (!asked || !is_realm(request.param("realm").value_or(""))) return message_answer(400, "Invalid scope or realm");
  SimToken granted = state_.login;
  std::erase_if(granted.scopes, [&](const std::string& scope) { return !asked->contains(scope); });
  const std::string code = "code-" + std::to_string(++tokens_issued_);
  state_.authorization_codes[code] = {granted, client};
  SimResponse response;
  response.status = 302;
  const char joint = redirect->find('?') == std::string::npos ? '?' : '&';
  response.set_header(
      "Location", *redirect + joint + "code=" + code + "&state=" + percent_encode(request.param("state").value_or("")));
  response.set_body("Moved Temporarily. Redirecting", "text/plain");
  return response;
}

SimResponse ShutterstockSim::issue_token(const SimRequest& request) {
  auto fields = read_fields(request);
  const auto client = state_.clients.find(fields["client_id"]);
  if (client == state_.clients.end() || client->second.secret != fields["client_secret"]) {
    return message_answer(401, "Invalid client");
  }
  const std::string grant = fields["grant_type"];
  if (grant == "client_credentials") return token_answer({"", {}, std::nullopt}, "client");
  if (!is_realm(fields["realm"])) return message_answer(400, "realm must be customer or contributor");
  if (grant == "refresh_token") return renew_token(fields["refresh_token"]);
  if (grant == "authorization_code") return redeem_code(client->first, fields["code"], fields["expires"]);
  return message_answer(400, "grant_type must be authorization_code, client_credentials or refresh_token");
}

/// Each refresh token is good for one use.
SimResponse ShutterstockSim::renew_token(const std::string& refresh) {
  const auto found = state_.refresh_tokens.find(refresh);
  if (found == state_.refresh_tokens.end()) return message_answer(400, "Invalid refresh_token");
  SimToken token = std::move(found->second);
  state_.refresh_tokens.erase(found);
  return token_answer(std::move(token), "true");
}

/// A code is good for one use, by the application it was made for.
SimResponse ShutterstockSim::redeem_code(const std::string& client, const std::string& code,
                                         const std::string& expires) {
  if (!expires.empty() && expires != "true" && expires != "false")
    return message_answer(400, "expires must be true or false");
  const auto found = state_.authorization_codes.find(code);
  if (found == state_.authorization_codes.end() || found->second.client_id != client)
    return message_answer(400, "Invalid authorization_code");
  SimToken token = std::move(found->second.token);
  state_.authorization_codes.erase(found);
  return token_answer(std::move(token), expires);
}

SimResponse ShutterstockSim::token_answer(SimToken token, std::string_view expires) {
  const std::string number = std::to_string(++tokens_issued_);
  const std::string text = "v2/sandbox-" + number;
  Json json = Json::object({{"access_token", text}, {"token_type", "Bearer"}});
  token.expires_at.reset();
  if (expires == "true") {
    const std::string refresh = "v2/refresh-" + number;
    state_.refresh_tokens[refresh] = token;
    json.set("refresh_token", refresh);
  }
  if (expires == "true" || expires == "client") {
    token.expires_at = now_locked() + state_.switches.token_lifetime;
    json.set("expires_in", static_cast<std::int64_t>(state_.switches.token_lifetime.count()));
  }
  state_.tokens[text] = std::move(token);
  return json_answer(json);
}

}  // namespace damsync
