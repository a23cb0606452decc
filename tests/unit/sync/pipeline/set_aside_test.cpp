#include <doctest/doctest.h>

#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

/// What is set aside, each with its reason.
std::string set_aside(CycleBench& bench) {
  std::string out;
  for (const auto& row : bench.catalog().pending("newsroom", PendingKind::kRejected))
    out += row.key + ": " + row.reason + ";";
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(CycleBench,
                  "P1 cycle: an unusable license that a complete history does not show any more is settled") {
  provider.add("101", "e1");
  provider.rejected = {{"license", "(without id)", "no id", "a"},
                       {"license", "../x", "not an id", "b"},
                       {"update", "7", "no time", "c"}};
  cycle();
  const std::string all =
      "license (without id): no id (sha256 a);license ../x: not an id (sha256 b);update 7: no time (sha256 c);";
  CHECK(set_aside(*this) == all);

  provider.rejected.erase(provider.rejected.begin());
  provider.add("103", "e3");  // a poll of what is new
  cycle();
  CHECK(set_aside(*this) == all);

  policy.full = true;
  cycle();
  CHECK(set_aside(*this) == "license ../x: not an id (sha256 b);update 7: no time (sha256 c);");
  CHECK(catalog().counts("newsroom").quarantined == 2);

  provider.rejected.push_back({"license", "(without id)", "no id", "a"});
  CHECK(cycle().items_rejected == 1);
  CHECK(set_aside(*this) == all);
}

TEST_CASE_FIXTURE(CycleBench, "P1 cycle: a listed id that the provider never knew is set aside, not withdrawn") {
  provider.listed_assets = {"900", "901"};
  provider.assets["900"].caption = "From the archive";
  provider.assets.erase("901");

  auto summary = cycle();
  CHECK(summary.assets_withdrawn == 0);
  CHECK(summary.items_rejected == 1);
  CHECK(catalog().find_asset("newsroom", "901")->state == AssetState::kUnknown);
  CHECK(set_aside(*this) == "asset 901: the provider does not know this id;");

  policy.full = true;
  CHECK(cycle().items_rejected == 0);
  CHECK_FALSE(set_aside(*this).empty());
  SUBCASE("and is an asset like any other when it is there after all") {
    provider.assets["901"].caption = "There after all";
    cycle();
    CHECK(catalog().find_asset("newsroom", "901")->state == AssetState::kActive);
    CHECK(set_aside(*this).empty());
  }
  SUBCASE("and is forgotten when it is taken off the list") {
    provider.listed_assets = {"900"};
    for (int times = 0; times < 2; ++times) {
      CHECK(cycle().items_rejected == 0);
      CHECK(set_aside(*this).empty());
    }
    provider.listed_assets = {"900", "901"};
    cycle();
    CHECK_FALSE(set_aside(*this).empty());
  }
}

}  // namespace damsync
