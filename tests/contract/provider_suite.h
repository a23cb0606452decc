#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/base/text.h"
#include "sync/providers/provider.h"

namespace damsync {

/// A provider in a world that the suite knows: three licensed assets, one id the provider does not know. A fixture
/// has to answer every call of `provider()` from that world, any number of times.
class ProviderWorld {
 public:
  virtual ~ProviderWorld() = default;
  virtual Provider& provider() = 0;
  [[nodiscard]] virtual std::vector<std::string> licensed_assets() const = 0;
  [[nodiscard]] virtual std::string unknown_asset() const = 0;
  /// From now on no call is answered (`true`) or all are again.
  virtual void set_down(bool down) = 0;
  [[nodiscard]] virtual int spending_calls() const = 0;
};

/// Polls a stream from `cursor` until its last page.
inline std::vector<Page> poll_to_end(Provider& provider, const std::string& stream, std::string cursor,
                                     const KnownAssets& known, bool full) {
  std::vector<Page> pages;
  for (int i = 0; i < 100; ++i) {
    auto page = provider.poll({stream, cursor, &known, full}, {});
    REQUIRE(page.ok());
    CHECK_FALSE(page->next.empty());
    CHECK(provider.confirm(page->receipt, {}).ok());
    cursor = page->next;
    pages.push_back(std::move(*page));
    if (pages.back().last) return pages;
  }
  FAIL("the stream '" << stream << "' does not end");
  return pages;
}

inline std::set<std::string> license_ids(const std::vector<Page>& pages) {
  std::set<std::string> ids;
  for (const auto& page : pages)
    for (const auto& license : page.licenses) ids.insert(license.license_id);
  return ids;
}

/// What a provider with a history of licenses keeps besides.
inline void check_licenses(ProviderWorld& world) {
  Provider& provider = world.provider();
  const auto assets = world.licensed_assets();
  auto sorted = assets;
  std::sort(sorted.begin(), sorted.end());
  const KnownAssets known(sorted);
  const Capabilities& can = provider.capabilities();

  SUBCASE("a full listing shows every license once it is complete, with safe ids and the provider's own row") {
    const auto pages = poll_to_end(provider, can.license_stream, {}, known, true);
    CHECK(pages.back().complete_listing);
    std::set<std::string> seen;
    for (const auto& page : pages)
      for (const auto& license : page.licenses) {
        CHECK(is_safe_id(license.license_id));
        CHECK(is_safe_id(license.asset_id));
        CHECK_FALSE(license.raw.empty());
        CHECK_FALSE(license.licensed_at_text.empty());
        seen.insert(license.asset_id);
      }
    CHECK(std::all_of(assets.begin(), assets.end(), [&](const auto& id) { return seen.contains(id); }));
  }
  SUBCASE("stopped after any page, a new start from the committed cursor shows all licenses") {
    const auto whole = poll_to_end(provider, can.license_stream, {}, known, false);
    for (std::size_t stop = 0; stop + 1 < whole.size(); ++stop) {
      std::vector<Page> seen(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(stop) + 1);
      const auto rest = poll_to_end(provider, can.license_stream, seen.back().next, known, false);
      seen.insert(seen.end(), rest.begin(), rest.end());
      CHECK(license_ids(seen) == license_ids(whole));
    }
  }
  SUBCASE("a held license is still listed, an invented one is not") {
    const auto pages = poll_to_end(provider, can.license_stream, {}, known, false);
    License license;
    for (const auto& page : pages)
      if (!page.licenses.empty()) license = page.licenses.front();
    CHECK(*provider.still_listed(license, {}));
    license.license_id = "invented";
    CHECK_FALSE(*provider.still_listed(license, {}));
  }
  SUBCASE("after an outage every license is listed") {
    world.set_down(true);
    CHECK_FALSE(provider.poll({can.license_stream, {}, &known, false}, {}).ok());
    world.set_down(false);
    CHECK(license_ids(poll_to_end(provider, can.license_stream, {}, known, false)).size() >= assets.size());
  }
}

/// What every provider keeps, whatever it speaks.
inline void check_provider(ProviderWorld& world) {
  Provider& provider = world.provider();
  const auto assets = world.licensed_assets();
  auto sorted = assets;
  std::sort(sorted.begin(), sorted.end());
  const KnownAssets known(sorted);
  const Capabilities& can = provider.capabilities();

  SUBCASE("it names itself and its streams") {
    CHECK_FALSE(provider.name().empty());
    CHECK_FALSE(can.file_prefix.empty());
    CHECK(can.describe_batch > 0);
    CHECK_FALSE(can.streams.empty());
    const bool has_licenses =
        std::find(can.streams.begin(), can.streams.end(), can.license_stream) != can.streams.end();
    CHECK((has_licenses || can.license_stream.empty()));
  }
  SUBCASE("every stream ends, and polling again from its last cursor ends too and loses nothing") {
    for (const auto& stream : can.streams) {
      const auto first = poll_to_end(provider, stream, {}, known, false);
      poll_to_end(provider, stream, first.back().next, known, false);
    }
  }
  SUBCASE("notices name known assets only") {
    for (const auto& stream : can.streams)
      for (const auto& page : poll_to_end(provider, stream, {}, known, false))
        for (const auto& notice : page.notices) CHECK(known.contains(notice.asset_id));
  }
  SUBCASE("describe tells known, unknown and impossible ids apart") {
    auto ids = assets;
    ids.push_back(world.unknown_asset());
    ids.emplace_back("../../etc/passwd");
    const auto out = provider.describe(ids, {});
    REQUIRE(out.ok());
    CHECK(out->assets.size() == assets.size());
    for (const auto& asset : out->assets) CHECK_FALSE(asset.raw.empty());
    CHECK(out->absent == std::vector<std::string>{world.unknown_asset()});
    CHECK(out->rejected.size() == 1);
  }
  SUBCASE("recheck agrees with describe, and an asset that is not there is not found") {
    const auto described = provider.describe(std::vector<std::string>{assets.front()}, {});
    const auto checked = provider.recheck(assets.front(), {}, {});
    REQUIRE(described.ok());
    REQUIRE(checked.ok());
    REQUIRE(checked->has_value());
    CHECK((*checked)->metadata == described->assets.at(0).metadata);
    CHECK(provider.recheck(world.unknown_asset(), {}, {}).error().code == ErrorCode::kNotFound);
  }
  SUBCASE("assets that are listed without a license are those that are not known yet, with safe ids") {
    const KnownAssets some(std::vector<std::string>{assets.front()});
    for (const auto& stream : can.streams)
      for (const auto& page : poll_to_end(provider, stream, {}, some, true)) {
        if (!can.license_stream.empty()) CHECK(page.listed.empty());
        for (const auto& id : page.listed) {
          CHECK(is_safe_id(id));
          CHECK_FALSE(some.contains(id));
        }
      }
  }
  SUBCASE("while the service is down every call is a retryable error, and afterwards nothing is lost") {
    world.set_down(true);
    for (const auto& stream : can.streams) {
      if (can.license_stream.empty()) break;  // the listing is our own
      const auto page = provider.poll({stream, {}, &known, false}, {});
      REQUIRE_FALSE(page.ok());
      CHECK(page.error().retry != Retry::kNever);
    }
    const auto described = provider.describe(assets, {});
    REQUIRE_FALSE(described.ok());
    CHECK(described.error().retry != Retry::kNever);
    world.set_down(false);
    CHECK(provider.describe(assets, {}).ok());
  }
  if (!can.license_stream.empty()) check_licenses(world);
  CHECK(world.spending_calls() == 0);
}

}  // namespace damsync
