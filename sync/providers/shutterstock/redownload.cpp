#include "sync/providers/shutterstock/redownload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "storage/base/text.h"
#include "sync/providers/shutterstock/answer.h"

namespace damsync::shutterstock {
namespace {

/// A link is documented to work for eight hours.
constexpr std::chrono::hours kLinkLife{8};

Json body_for(const std::string& size) {
  constexpr std::array<std::string_view, 5> kSizes{"small", "medium", "huge", "supersize", "vector"};
  Json body = Json::object();
  if (std::find(kSizes.begin(), kSizes.end(), size) != kSizes.end()) body.set("size", size);
  return body;
}

/// A 403 that is about the token or the application, not about this one license.
bool blames_access(std::string_view message) {
  constexpr std::array<std::string_view, 7> kWords{
      "scope", "access to this route", "access token", "api key", "developer", "inactive", "not authorized to use"};
  const std::string text = to_lower(message);
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

Error about_license(Error error, std::string_view words) {
  const int status = error.http_status;
  const bool refused = status == 400 || status == 404 || status == 410 || status == 422 ||
                       (status == 403 && error.code == ErrorCode::kUnauthorized && !blames_access(words));
  if (!refused) return error;
  Error gone = make_error(ErrorCode::kGone, fmt::format("the provider refuses the download (HTTP {}){}{}", status,
                                                        words.empty() ? "" : ": ", words));
  gone.http_status = status;
  return gone;
}

}  // namespace

Result<DownloadSource> redownload(ShutterstockApi& api, const License& license, std::stop_token stop) {
  if (!is_safe_id(license.license_id))
    return make_error(ErrorCode::kInvalid, "an id that is no license id is never sent");
  const std::string path = fmt::format("/v2/images/licenses/{}/downloads", license.license_id);
  const auto answer = api.post_free(path, body_for(license.size), stop);
  if (!answer) return answer.error();
  const UtcTime now = api.clocks().local;
  const auto body = read_answer(*answer, "POST " + path, now);
  if (!body) return about_license(body.error(), words_of_body(answer->body));

  const Json* url = body->find("url");
  const auto* text = url == nullptr ? nullptr : url->if_string();
  if (text == nullptr) {
    const std::string words = words_of(*body);
    return retryable(ErrorCode::kProtocol,
                     fmt::format("POST {}: no 'url' in the answer{}{}", path, words.empty() ? "" : ": ", words));
  }
  if (!Url::parse(*text)) return retryable(ErrorCode::kProtocol, fmt::format("POST {}: 'url' is no http(s) URL", path));
  return DownloadSource{.url = *text, .expected_format = license.format, .expires_at = now + kLinkLife};
}

}  // namespace damsync::shutterstock
