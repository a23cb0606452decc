#include "sync/adopt/listing.h"

#include <doctest/doctest.h>

#include "tests/support/adopt_bench.h"
#include "tests/support/cycle_bench.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

const std::string kPicture = tiny_jpeg(600, 400, "2637171");

/// An account of the old interface.
struct Bench : TempDir, AdoptBench {
  Bench() : AdoptBench(path()) { accounts = {{"newsroom", "shutterstock"}, {"archive", "getty-connect"}}; }
  std::string state_of(const std::string& id) {
    const auto asset = catalog().find_asset("archive", id);
    return asset ? to_word(asset->state) : "not known";
  }
};

}  // namespace

TEST_CASE_FIXTURE(Bench,
                  "adopt: a file of an asset without a license makes its metadata wanted where that is all there is") {
  offer("GettyImages-2637171.jpg", kPicture);
  auto summary = adopted(AdoptMode::kMove);
  CHECK(summary.listed == 1);
  CHECK(summary.complete());
  CHECK(told.front().account == "archive");
  CHECK(told.front().asset_id == "2637171");
  CHECK(state_of("2637171") == "unknown");
  CHECK(catalog().has_pending("archive", PendingKind::kMetadata, "2637171"));
  CHECK(everything().contains("incoming/GettyImages-2637171.jpg"));
  CHECK(adopted().listed == 1);
  CHECK(reason("GettyImages-2637171.jpg") == "listed already");
}

TEST_CASE_FIXTURE(Bench, "adopt: nothing is listed in one account that another one may hold the license of") {
  accounts = {{"photo-desk", "getty"}, {"archive", "getty-connect"}};
  offer("GettyImages-2637171.jpg", kPicture);
  auto summary = adopted();
  CHECK(summary.listed == 0);
  CHECK(summary.unmatched == 1);
  CHECK_FALSE(summary.complete());
  CHECK(state_of("2637171") == "not known");
  CHECK(reason("GettyImages-2637171.jpg") ==
        "no license for asset 2637171 is held; account 'photo-desk' has not been synced yet: run damsync sync first");
  synced("photo-desk", "downloads");
  CHECK(adopted().unmatched == 1);
  CHECK(reason("GettyImages-2637171.jpg") ==
        "no license for asset 2637171 is held; with --account archive its metadata is mirrored");
  CHECK(adopt({.paths = {}, .account = "archive", .mode = {}, .dry_run = false})->listed == 1);
  CHECK(state_of("2637171") == "unknown");
}

TEST_CASE_FIXTURE(Bench, "adopt: a file of a license held is taken, not listed") {
  accounts = {{"photo-desk", "getty"}, {"archive", "getty-connect"}};
  hold("photo-desk", "2637171", "g-1", "x_large");
  offer("GettyImages-2637171.jpg", kPicture);
  CHECK(adopted().adopted == 1);
  CHECK(state_of("2637171") == "not known");
}

TEST_CASE_FIXTURE(Bench, "adopt: a bare number is listed only for an account that is named") {
  offer("2637171.jpg", kPicture);
  offer("GettyImages-2637171-612x612.jpg", kPicture);
  CHECK(adopted().unmatched == 1);
  CHECK(result("GettyImages-2637171-612x612.jpg") == "refused");
  CHECK(state_of("2637171") == "not known");
  CHECK(adopt({.paths = {}, .account = "archive", .mode = {}, .dry_run = true})->listed == 1);
  CHECK(state_of("2637171") == "not known");
  CHECK(adopt({.paths = {}, .account = "archive", .mode = {}, .dry_run = false})->listed == 1);
  CHECK(state_of("2637171") == "unknown");
}

TEST_CASE_FIXTURE(CycleBench, "sidecars: an asset that is listed without a license has its asset.json") {
  provider.listed_assets = {"2637171", "2637172"};
  provider.assets["2637171"].caption = "Picture of 1926";
  REQUIRE_FALSE(cycle().error);
  const auto files = visible_files();
  const auto sidecar = files.find("newsroom/71/2637171/asset.json");
  REQUIRE(sidecar != files.end());
  CHECK(sidecar->second.find("Picture of 1926") != std::string::npos);
  CHECK(files.size() == 1);  // nothing is known of the other
  provider.assets["2637171"].caption = "Picture of 1927";
  clock.advance(std::chrono::hours(24 * 40));
  REQUIRE_FALSE(cycle().error);
  CHECK(visible_files().at("newsroom/71/2637171/asset.json").find("1927") != std::string::npos);
}

}  // namespace damsync
