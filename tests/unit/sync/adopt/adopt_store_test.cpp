#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/adopt_bench.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

const std::string kPicture = tiny_jpeg(600, 400, "83454804");
constexpr const char* kPlace = "photo-desk/04/83454804/GettyImages-83454804-x_large.jpg";

/// A store that has files of a Getty account, and a catalog that does not know of all of them.
struct Bench : TempDir, AdoptBench {
  Bench() : AdoptBench(path()) { hold("photo-desk", "83454804", "g-1", "x_large"); }

  void put_into_store(const std::string& place, const std::string& bytes) const {
    fs::create_directories(stored(place).parent_path());
    std::ofstream(stored(place), std::ios::binary) << bytes;
  }
  Result<AdoptSummary> adopt_store(AdoptMode mode = AdoptMode::kCopy, const std::string& below = "") {
    return adopt({.paths = {stored(below).string()}, .account = {}, .mode = mode, .dry_run = false});
  }
};

}  // namespace

TEST_CASE_FIXTURE(Bench, "adopt: files that the store has and the catalog does not know become known, where they are") {
  put_into_store(kPlace, kPicture);
  put_into_store(std::string(kPlace) + ".xmp", "<x/>");
  put_into_store("photo-desk/04/83454804/asset.json", "{}");
  const auto summary = adopt_store();
  REQUIRE(summary.ok());
  CHECK(summary->adopted == 1);
  CHECK(told.size() == 1);
  CHECK(file("photo-desk", "g-1").path == kPlace);
  CHECK(everything().at(std::string("store/") + kPlace) == kPicture);
  CHECK(fs::is_empty(stored(".damsync/staging")));
  CHECK_FALSE(fs::exists(stored(std::string(".damsync/withdrawn/") + kPlace)));
  const auto again = adopt_store();
  REQUIRE(again.ok());
  CHECK(told.empty());
}

TEST_CASE_FIXTURE(Bench, "I8 adopt: what the catalog knows of the store is never offered to it, damaged or not") {
  offer("GettyImages-83454804.jpg", kPicture);
  adopted(AdoptMode::kMove);
  REQUIRE(file("photo-desk", "g-1").path == kPlace);
  const std::string other = tiny_jpeg(600, 400, "damaged");
  std::ofstream(stored(kPlace), std::ios::binary) << other;
  hold("photo-desk", "83454804", "g-2", "large");
  REQUIRE(adopt_store().ok());
  CHECK(told.empty());
  REQUIRE(adopt_store(AdoptMode::kCopy, "photo-desk/04").ok());
  CHECK(told.empty());
}

TEST_CASE_FIXTURE(Bench, "adopt: files of the store are neither moved nor linked, and those set aside stay there") {
  put_into_store(kPlace, kPicture);
  for (const auto mode : {AdoptMode::kMove, AdoptMode::kLink})
    CHECK(adopt_store(mode).error().code == ErrorCode::kUsage);
  CHECK(adopt_store(AdoptMode::kCopy, ".damsync/withdrawn").error().code == ErrorCode::kUsage);
  fs::create_directories(stored(".damsync/withdrawn"));
  fs::rename(stored(kPlace), stored(".damsync/withdrawn/GettyImages-83454804.jpg"));
  REQUIRE(adopt_store().ok());
  CHECK(told.empty());
}

TEST_CASE_FIXTURE(Bench,
                  "adopt: the same bytes for two assets of a Getty account are a test image, not both pictures") {
  hold("photo-desk", "83454805", "g-2", "x_large");
  hold("photo-desk", "83454806", "g-3", "x_large");
  offer("GettyImages-83454804.jpg", kPicture);
  offer("GettyImages-83454805.jpg", kPicture);
  CHECK(adopt({.paths = {}, .account = {}, .mode = {}, .dry_run = true})->refused == 1);
  const auto summary = adopted();
  CHECK(summary.adopted == 1);
  CHECK(summary.refused == 1);
  CHECK(reason("GettyImages-83454805.jpg").find("bytes of asset 83454804") != std::string::npos);
  offer("later/GettyImages-83454806.jpg", kPicture);
  adopted();
  CHECK(result("GettyImages-83454806.jpg") == "refused");
  CHECK(file("photo-desk", "g-3").state == FileState::kPending);
}

TEST_CASE_FIXTURE(Bench, "adopt: other providers may send the same bytes for two assets") {
  for (const char* id : {"118139110", "118139111"}) hold("newsroom", id, std::string("e-") + id);
  for (const char* id : {"118139110", "118139111"}) offer("shutterstock_" + std::string(id) + ".jpg", kPicture);
  CHECK(adopted().adopted == 2);
}

}  // namespace damsync
