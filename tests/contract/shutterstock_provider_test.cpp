#include <fmt/format.h>

#include "sync/providers/shutterstock/shutterstock_provider.h"
#include "tests/contract/provider_suite.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_transport.h"

using namespace damsync;

namespace {

/// Answers from a script that knows 24 licenses of three images and one edit.
class ShutterstockWorld final : public ProviderWorld {
 public:
  ShutterstockWorld() {
    transport_.fallback([this](const HttpRequest& request) { return answer(request); });
  }

  Provider& provider() override { return provider_; }
  std::vector<std::string> licensed_assets() const override { return {"11", "12", "13"}; }
  std::string unknown_asset() const override { return "999"; }
  void set_down(bool down) override { down_ = down; }
  int spending_calls() const override {
    int calls = 0;
    for (const auto& request : transport_.requests()) calls += request.effect == Effect::kSpends ? 1 : 0;
    return calls;
  }

 private:
  static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
  static std::string image(const std::string& id) {
    return fmt::format(R"({{"id":"{}","media_type":"image","description":"about {}"}})", id, id);
  }

  Result<HttpResponse> answer(const HttpRequest& request) const {
    if (down_) return retryable(ErrorCode::kUnavailable, "no route to host");
    const std::string& target = request.url.target();
    HttpResponse out{
        200, {{"Content-Type", "application/json"}, {"Date", "Sun, 15 Mar 2026 00:00:00 GMT"}}, {}, request.url};
    if (has(target, "/v2/images/licenses?"))
      out.body = licenses(target);
    else if (has(target, "/v2/images/updated?"))
      out.body = updates(target);
    else if (has(target, "/v2/images?"))
      out.body = images(target);
    else if (has(target, "/v2/images/11?"))
      out.body = image("11");
    else
      out.status = 404;
    return out;
  }

  std::string licenses(const std::string& target) const {
    const int page = has(target, "&page=1") ? 0 : has(target, "&page=2") ? 1 : 2;
    std::string rows;
    for (int i = page * 20; i < std::min(24, (page + 1) * 20); ++i) {
      const std::string asset = std::to_string(11 + i % 3);
      if (has(target, "image_id=") && !has(target, "image_id=" + asset + "&")) continue;
      rows += fmt::format(
          R"({}{{"id":"e{}","license":"standard","download_time":"2026-03-14T10:00:{:02}Z","image":{{"id":"{}"}}}})",
          rows.empty() ? "" : ",", i, i, asset);
    }
    return R"({"data":[)" + rows + "]}";
  }

  static std::string updates(const std::string& target) {
    const bool shown = has(target, "&page=1") && (has(target, "interval=") || has(target, "end_date=2026-03-15"));
    const char* row = R"({"id":"12","updated_time":"2026-03-14T11:00:00Z","updates":["edit"]},
                         {"id":"5000","updated_time":"2026-03-14T11:00:00Z","updates":["edit"]})";
    return std::string(R"({"data":[)") + (shown ? row : "") + "]}";
  }

  static std::string images(const std::string& target) {
    std::string rows;
    for (const char* id : {"11", "12", "13"})
      if (has(target, fmt::format("id={}&", id))) rows += (rows.empty() ? "" : ",") + image(id);
    return R"({"data":[)" + rows + "]}";
  }

  FakeTransport transport_;
  FakeClock clock_;
  ShutterstockProvider provider_{{.base_url = *Url::parse("https://api.shutterstock.test"),
                                  .team_history = false,
                                  .license_filter = {},
                                  .since = std::nullopt,
                                  .overlap = std::chrono::hours(48)},
                                 transport_,
                                 transport_,
                                 clock_};
  bool down_ = false;
};

}  // namespace

TEST_CASE("provider: Shutterstock keeps what every provider keeps") {
  ShutterstockWorld world;
  check_provider(world);
}
