#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "sync/http/transport.h"
#include "sync/providers/shutterstock/shutterstock_provider.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_transport.h"

namespace damsync::shutterstock {

/// A provider over scripted answers.
struct ShutterstockBench {
  FakeTransport transport;
  FakeClock clock;  // 2026-03-15T00:00:00Z
  ShutterstockSettings settings{.base_url = *Url::parse("https://api.shutterstock.test"),
                                .team_history = false,
                                .license_filter = {},
                                .since = std::nullopt,
                                .overlap = std::chrono::hours(48)};
  KnownAssets known{{"11", "12", "13"}};

  ShutterstockProvider provider() { return ShutterstockProvider(settings, transport, transport, clock); }

  /// Polls a stream to its end; every page in order.
  std::vector<Page> poll_all(ShutterstockProvider& provider, const std::string& stream, std::string cursor = {},
                             bool full = false) {
    std::vector<Page> pages;
    for (int i = 0; i < 200; ++i) {
      auto page = provider.poll({stream, cursor, &known, full}, {});
      if (!page) break;
      cursor = page->next;
      pages.push_back(std::move(*page));
      if (pages.back().last) break;
    }
    return pages;
  }

  [[nodiscard]] std::string target(std::size_t call) const { return transport.requests().at(call).url.target(); }
};

inline std::string license_row(const std::string& id, const std::string& time, const std::string& asset = "11") {
  return fmt::format(
      R"({{"id":"{}","license":"standard","download_time":"{}","image":{{"id":"{}","format":{{"size":"huge"}}}}}})", id,
      time, asset);
}

inline std::string update_row(const std::string& id, const std::string& time, const std::string& what = "edit") {
  return fmt::format(R"({{"id":"{}","updated_time":"{}","updates":["{}"]}})", id, time, what);
}

inline std::string image_item(const std::string& id) {
  return fmt::format(R"({{"id":"{}","media_type":"image","description":"about {}","contributor":{{"id":"7"}}}})", id,
                     id);
}

inline std::string list_body(const std::vector<std::string>& rows, const std::string& more = {}) {
  std::string out = "{\"data\":[";
  for (std::size_t i = 0; i < rows.size(); ++i) out += (i == 0 ? "" : ",") + rows[i];
  return out + "]" + more + "}";
}

}  // namespace damsync::shutterstock
