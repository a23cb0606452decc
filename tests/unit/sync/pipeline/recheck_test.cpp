#include <doctest/doctest.h>

#include <string>

#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

constexpr std::chrono::days kDay{1};

/// The longest time since one of the assets was looked at.
Millis longest_unseen(const Catalog& catalog, UtcTime now) {
  Millis longest{0};
  catalog.list_assets({}, [&](const AssetRow& asset) {
    longest = std::max(longest, now - asset.checked_at.value());
    return true;
  });
  return longest;
}

}  // namespace

TEST_CASE_FIXTURE(CycleBench, "rechecks: every asset is looked at within the time, however seldom the cycles come") {
  policy.recheck_within = std::chrono::hours(24 * 7);
  for (int i = 0; i < 2'000; ++i) {
    const std::string id = std::to_string(10'000 + i);
    provider.listed_assets.push_back(id);
    provider.assets[id].caption = "Picture " + id;
  }
  REQUIRE_FALSE(cycle().error);
  for (int day = 1; day <= 16; ++day) {
    clock.advance(kDay);
    CHECK(longest_unseen(catalog(), clock.utc()) <= 7 * kDay);
    REQUIRE_FALSE(cycle().error);
  }
}

TEST_CASE_FIXTURE(CycleBench, "F13 rechecks: a withdrawn asset is looked at as well, and comes back without any news") {
  policy.recheck_within = std::chrono::hours(24 * 7);
  provider.add("101", "l-1");
  provider.add("102", "l-2");
  REQUIRE_FALSE(cycle().error);
  const auto metadata = provider.assets.at("101");
  provider.assets.erase("101");
  clock.advance(6 * kDay);
  REQUIRE_FALSE(cycle().error);
  REQUIRE(catalog().find_asset("newsroom", "101")->state == AssetState::kWithdrawn);
  provider.assets["101"] = metadata;
  clock.advance(6 * kDay);
  REQUIRE_FALSE(cycle().error);
  CHECK(catalog().find_asset("newsroom", "101")->state == AssetState::kActive);
}

TEST_CASE_FIXTURE(CycleBench, "K1 rechecks: what a clock that was ahead looked at is looked at again, in portions") {
  constexpr int kAssets = 700;
  for (int i = 0; i < kAssets; ++i) {
    const std::string id = std::to_string(10'000 + i);
    provider.listed_assets.push_back(id);
    provider.assets[id].caption = "Picture " + id;
  }
  provider.add("101", "l-1");
  provider.add("102", "l-2");
  const UtcTime right = clock.utc();
  clock.set_utc(right + std::chrono::hours(24 * 365));
  REQUIRE_FALSE(cycle().error);
  clock.set_utc(right);
  const auto ahead = [&] {
    int count = 0;
    catalog().list_assets({}, [&](const AssetRow& asset) { return count += *asset.checked_at > right, true; });
    return count;
  };
  REQUIRE(ahead() == kAssets + 2);
  REQUIRE_FALSE(cycle().error);
  CHECK(ahead() > 0);
  CHECK(ahead() < kAssets);
  REQUIRE_FALSE(cycle().error);
  CHECK(ahead() == 0);
}

}  // namespace damsync
