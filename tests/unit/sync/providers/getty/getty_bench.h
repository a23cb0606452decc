#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "storage/base/json.h"
#include "sync/providers/getty/getty_provider.h"
#include "tests/simulators/http_message.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_transport.h"

namespace damsync {

/// A provider over scripted answers.
struct GettyBench {
  FakeClock clock;
  FakeTransport transport;
  GettySettings settings{.account = "photo-desk",
                         .base_url = *Url::parse("https://api.gettyimages.com"),
                         .api_key = Secret("key-7f3a"),
                         .language = "de",
                         .since = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};

  GettyProvider make() { return GettyProvider(settings, transport, clock, nullptr); }

  /// The parameters of the n-th call, decoded.
  [[nodiscard]] SimRequest asked(std::size_t n) const {
    SimRequest out;
    const std::string target = transport.requests().at(n).url.target();
    const auto mark = target.find('?');
    out.path = target.substr(0, mark);
    if (mark != std::string::npos) out.query = parse_form(target.substr(mark + 1), out.well_formed_target);
    return out;
  }

  /// Every call that is not scripted: an empty list of downloads, no channels.
  void answer_nothing() {
    transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
      return HttpResponse{200, {}, R"({"result_count":0,"downloads":[]})", request.url};
    });
  }
};

/// A row of the history; fields in `with` replace or add.
inline Json download_row(std::string_view id, std::string_view time, Json with = Json::object()) {
  Json row = Json::object({{"date_downloaded", time},
                           {"id", id},
                           {"asset_type", "image"},
                           {"product_type", "premiumaccess"},
                           {"product_id", 4321},
                           {"agreement_name", "Premium Access 2026"},
                           {"thumb_uri", "https://media.example.test/thumb.jpg"},
                           {"size_name", "x_large"},
                           {"user", Json::object({{"username", "anna"}})}});
  for (auto& [key, value] : *with.if_object()) row.set(key, value);
  return row;
}

inline std::string downloads(const std::vector<Json>& rows, std::int64_t result_count = -1) {
  Json list = Json::array();
  for (const Json& row : rows) list.push(row);
  const std::int64_t count = result_count < 0 ? static_cast<std::int64_t>(rows.size()) : result_count;
  return write_json(Json::object({{"result_count", count}, {"downloads", std::move(list)}}));
}

inline PollRequest downloads_from(std::string cursor) { return {.stream = "downloads", .cursor = std::move(cursor)}; }

}  // namespace damsync
