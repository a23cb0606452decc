#include "storage/base/text.h"
#include "tests/simulators/getty_sim.h"

namespace damsync {
namespace {

SimResponse oauth_error(int status, const std::string& word) {
  return getty_json(Json::object({{"error", word}, {"error_description", "the token endpoint refused the request"}}),
                    status);
}

std::string form_value(const std::vector<std::pair<std::string, std::string>>& form, std::string_view name) {
  for (const auto& [key, value] : form)
    if (key == name) return value;
  return {};
}

}  // namespace

/// The page a person would agree on: here everybody agrees at once.
SimResponse GettySim::authorize(const SimRequest& request) {
  if (auto bad = check_params(request, {{"client_id", getty_rule::any},
                                        {"redirect_uri", getty_rule::any},
                                        {"response_type", getty_rule::any},
                                        {"state", getty_rule::any}}))
    return *bad;
  const auto redirect = request.param("redirect_uri");
  if (!redirect || request.param("client_id") != state_.api_key || request.param("response_type") != "code")
    return oauth_error(400, "invalid_request");
  const std::string code = "code-" + std::to_string(++issued_);
  state_.codes[code] = {state_.login, *redirect};
  SimResponse response;
  response.status = 302;
  const char joint = redirect->find('?') == std::string::npos ? '?' : '&';
  response.set_header(
      "Location", *redirect + joint + "code=" + code + "&state=" + percent_encode(request.param("state").value_or("")));
  return response;
}

SimResponse GettySim::issue_token(const SimRequest& request) {
  bool well_formed = true;
  const auto form = parse_form(request.body, well_formed);
  const std::string grant = form_value(form, "grant_type");
  if (form_value(form, "client_id") != state_.api_key || form_value(form, "client_secret") != state_.client_secret)
    return oauth_error(401, "invalid_client");
  std::string username = "key";
  if (grant == "password") {
    username = form_value(form, "username");
    const auto known = state_.passwords.find(username);
    if (known == state_.passwords.end() || known->second != form_value(form, "password"))
      return oauth_error(400, "invalid_grant");
  } else if (grant == "refresh_token") {
    const auto known = state_.refresh_tokens.find(form_value(form, "refresh_token"));
    if (known == state_.refresh_tokens.end()) return oauth_error(400, "invalid_grant");
    username = known->second;
  } else if (grant == "authorization_code") {
    const auto known = state_.codes.find(form_value(form, "code"));
    if (known == state_.codes.end() || known->second.redirect_uri != form_value(form, "redirect_uri"))
      return oauth_error(400, "invalid_grant");
    username = known->second.username;
    state_.codes.erase(known);
  } else if (grant != "client_credentials") {
    return oauth_error(400, "unsupported_grant_type");
  }
  ++books_.tokens_issued;
  const std::string token = "token-" + std::to_string(++issued_);
  const auto lifetime = state_.switches.token_lifetime;
  state_.tokens[token] = {username, now_locked() + lifetime};
  Json body = Json::object({{"access_token", token}, {"token_type", "Bearer"}});
  const std::string seconds = std::to_string(lifetime.count());
  body.set("expires_in", state_.switches.expires_in_text ? Json(seconds) : Json(Json::Number{seconds}));
  if (grant == "password" || grant == "authorization_code") {
    state_.refresh_tokens["refresh-" + username] = username;
    body.set("refresh_token", "refresh-" + username);
  }
  return getty_json(body);
}

}  // namespace damsync
