#include "tests/simulators/getty_connect_sim.h"

#include <algorithm>

#include "storage/base/digest.h"

namespace damsync {
namespace {

constexpr const char* kImages = "/api/images/";
constexpr const char* kRealm = "Connect";

SimResponse json_answer(const Json& body, int status = 200) { return json_response(body, status, "application/json"); }

/// The members of `Digest a="b", c=d`; the values hold no commas here.
std::map<std::string, std::string> digest_fields(const std::string& header) {
  std::map<std::string, std::string> out;
  for (std::size_t from = 7; from < header.size();) {
    const std::size_t comma = std::min(header.find(", ", from), header.size());
    const std::string part = header.substr(from, comma - from);
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) return {};
    std::string value = part.substr(equals + 1);
    if (value.size() > 1 && value.front() == '"') value = value.substr(1, value.size() - 2);
    out[part.substr(0, equals)] = value;
    from = comma + 2;
  }
  return out;
}

bool is_language(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool region = text.size() == 5 && text[2] == '-' && letter(text[3]) && letter(text[4]);
  return (text.size() == 2 || region) && letter(text[0]) && letter(text[1]);
}

Json texts(const std::vector<std::string>& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push(value);
  return out;
}

Json image_json(const std::string& id, const ConnectSimImage& image) {
  Json keywords = Json::array();
  for (const auto& text : image.keywords)
    keywords.push(Json::object({{"Id", "60142"}, {"Text", text}, {"Type", "Unknown"}}));
  Json out = Json::object({{"ApplicableProductOfferings", Json::array()},
                           {"Artist", "J. Doe"},
                           {"ArtistTitle", "Staff"},
                           {"Caption", image.caption},
                           {"City", "London"},
                           {"CollectionId", "41"},
                           {"CollectionName", "Hulton"},
                           {"Country", nullptr},
                           {"CreditLine", "J. Doe/Getty Images"},
                           {"DateCreated", "1964-02-07T00:00:00"},
                           {"DateSubmitted", "/Date(1364949101417-0700)/"},
                           {"EditorialSegments", texts({"Entertainment"})},
                           {"EventId", 0},
                           {"EventIds", Json(Json::Array{Json(165'301)})},
                           {"GraphicStyle", "Photography"},
                           {"ImageFamily", image.family},
                           {"ImageId", id},
                           {"Keywords", std::move(keywords)},
                           {"LicensingModel", "RightsManaged"},
                           {"QualityRank", 2},
                           {"ReferralDestinations", Json::array()},
                           {"ReleaseMessage", "Not released."},
                           {"Restrictions", texts(image.restrictions)},
                           {"SizesDownloadableImages", Json::array()},
                           {"Title", image.title},
                           {"UrlPreview", "http://cache.example.org/" + id + ".jpg?s=1"}});
  for (const auto& [key, value] : *image.fields.if_object()) out.set(key, value);
  return out;
}

}  // namespace

GettyConnectSim::Route GettyConnectSim::route_of(const SimRequest& request) const {
  const bool image = request.path.starts_with(kImages);
  return {request.method + " " + (image ? std::string(kImages) + "{id}" : request.path),
          image ? request.path.substr(std::string(kImages).size()) : std::string()};
}

SimResponse GettyConnectSim::refuse(int status, const std::string& error) const {
  const Json body = Json::object({{"status", status}, {"error", error}});
  return json_answer(state_.switches.errors_in_array ? Json(Json::Array{body}) : body, status);
}

SimResponse GettyConnectSim::dispatch(const SimRequest& request, const Route& route) {
  if (request.path == "/api/token")
    return request.method == "POST" ? issue_token(request) : refuse(400, "The token is had by POST");
  if (!request.path.starts_with(kImages)) return refuse(404, "No such resource");
  if (request.method != "GET") return refuse(400, "Images can only be read");
  if (auto refused = check_token(request)) return *refused;
  return one_image(request, route.id);
}

SimResponse GettyConnectSim::issue_token(const SimRequest& request) {
  bool well_formed = true;
  std::map<std::string, std::string> form;
  for (const auto& [key, value] : parse_form(request.body, well_formed))
    if (!form.emplace(key, value).second) return refuse(400, key + " is given twice");
  for (const auto& [key, value] : form) {
    static const std::set<std::string> kKnown{"application_key", "application_secret", "user_id", "user_password",
                                              "coordination_id"};
    if (!kKnown.contains(key)) return refuse(400, "Unknown parameter: " + key);
  }
  if (!well_formed) return refuse(400, "The form is malformed");
  const std::string user = form["user_id"];
  const auto known = state_.users.find(user);
  const bool user_fits = user.empty() || (known != state_.users.end() && known->second == form["user_password"]);
  if (form["application_key"] != state_.application_key || form["application_secret"] != state_.application_secret ||
      !user_fits)
    return refuse(401, "The specified application and/or user credentials are not recognized");
  const std::string token = "connect-token-" + std::to_string(++issued_);
  const auto lifetime = state_.switches.token_lifetime;
  state_.tokens[token] = {user.empty() ? state_.application_key : user, now_locked() + lifetime};
  const auto minutes = static_cast<std::int64_t>(lifetime.count());
  return json_answer(Json::object(
      {{"token", Json::object({{"coordination_id", form["coordination_id"]},
                               {"ssl_token", "ssl-" + token},
                               {"token", token},
                               {"token_duration_minutes",
                                state_.switches.duration_as_text ? Json(std::to_string(minutes)) : Json(minutes)}})}}));
}

bool GettyConnectSim::is_live(const std::string& token) const {
  const auto found = state_.tokens.find(token);
  return found != state_.tokens.end() && found->second.expires_at > now_locked();
}

SimResponse GettyConnectSim::challenge(const std::string& error, const char* more) {
  const std::string nonce = sha256_hex("nonce " + std::to_string(++issued_)).substr(0, 24);
  state_.nonces[nonce] = {};
  auto response = refuse(401, error);
  const bool sha = state_.switches.algorithm == ConnectSwitches::Algorithm::kSha256;
  response.set_header("WWW-Authenticate", std::string("Digest realm=\"") + kRealm + "\", qop=\"auth\", algorithm=" +
                                              (sha ? "SHA-256" : "MD5") + ", nonce=\"" + nonce + "\"" + more);
  return response;
}

std::optional<SimResponse> GettyConnectSim::check_token(const SimRequest& request) {
  const std::string* header = request.header("Authorization");
  if (state_.switches.token_form == ConnectSwitches::TokenForm::kChallenge) {
    if (header == nullptr || header->find("response=") == std::string::npos)
      return challenge("A digest answer is required", "");
    return check_answer(request, *header);
  }
  const bool fits = header != nullptr && header->starts_with("Digest ") && is_live(header->substr(7));
  return fits ? std::nullopt : std::optional(refuse(401, "The token is missing, unknown or expired"));
}

std::optional<SimResponse> GettyConnectSim::check_answer(const SimRequest& request, const std::string& header) {
  auto fields = digest_fields(header);
  const auto nonce = state_.nonces.find(fields["nonce"]);
  if (nonce == state_.nonces.end()) return challenge("Unknown nonce", ", stale=true");
  auto& counts = nonce->second.counts;
  const int uses = state_.switches.nonce_uses;
  if (uses > 0 && counts.size() >= static_cast<std::size_t>(uses)) return challenge("Old nonce", ", stale=true");
  if (fields["qop"] != "auth" || fields["nc"].size() != 8 || fields["cnonce"].empty() ||
      fields["uri"] != request.target || !counts.insert(fields["nc"]).second)
    return refuse(400, "The digest answer is malformed or was given before");
  const bool sha = state_.switches.algorithm == ConnectSwitches::Algorithm::kSha256;
  const auto hash = [sha](const std::string& text) { return sha ? sha256_hex(text) : md5_hex(text); };
  for (const auto& [token, owner] : state_.tokens) {
    if (!is_live(token) || owner.user != fields["username"]) continue;
    const std::string expected =
        hash(hash(owner.user + ":" + kRealm + ":" + token) + ":" + fields["nonce"] + ":" + fields["nc"] + ":" +
             fields["cnonce"] + ":auth:" + hash(request.method + ":" + request.target));
    if (expected == fields["response"]) return std::nullopt;
  }
  return challenge("The token is unknown or expired", "");
}

SimResponse GettyConnectSim::one_image(const SimRequest& request, const std::string& id) {
  for (const auto& [name, value] : request.query) {
    if (name != "language") return refuse(400, "Unknown parameter: " + name);
    if (!is_language(value)) return refuse(400, "No such language: " + value);
  }
  const auto found = state_.images.find(id);
  if (found == state_.images.end() || found->second.withdrawn) return refuse(404, "Invalid image id");
  const Json images(Json::Array{image_json(id, found->second)});
  if (!state_.switches.images_in_envelope) return json_answer(images);
  return json_answer(Json::object({{"CoordinationId", "sim"}, {"Images", images}}));
}

}  // namespace damsync
