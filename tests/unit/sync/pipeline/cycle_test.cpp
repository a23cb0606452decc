#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

void add_assets(CycleBench& bench, int count) {
  for (int i = 1; i <= count; ++i) bench.provider.add(std::to_string(100 + i), "e" + std::to_string(i));
}

}  // namespace

TEST_CASE_FIXTURE(CycleBench,
                  "cycle: every license of the history is mirrored with its sidecars, under its final name") {
  add_assets(*this, 5);
  const auto summary = cycle();
  CHECK_FALSE(summary.error);
  CHECK(summary.licenses_seen == 5);
  CHECK(summary.licenses_new == 5);
  CHECK(summary.files_mirrored == 5);
  const auto visible = visible_files();
  CHECK(visible.size() == 15);
  for (const auto& file : files("mirrored")) {
    CHECK(file.path == path_of(file.asset_id));
    CHECK(visible.at(file.path) == image_of(file.asset_id));
    CHECK(file.sha256 == sha256_hex(image_of(file.asset_id)));
    CHECK(visible.contains(file.path + ".xmp"));
  }
  CHECK(files("mirrored").size() == 5);
  CHECK(contains(events(), "asset.licensed 101 e1"));
  CHECK(contains(events(), "license.added 101 e1"));
  CHECK(contains(events(), "asset.stored 101 e1"));
}

TEST_CASE_FIXTURE(CycleBench,
                  "cycle: a second one with nothing new fetches nothing, writes no file and tells nothing") {
  add_assets(*this, 5);
  cycle();
  const auto before = visible_files();
  const auto told = events().size();
  provider.forget_calls();
  const auto requests = transport.requests().size();

  const auto summary = cycle();

  CHECK(summary.licenses_new == 0);
  CHECK(summary.files_mirrored == 0);
  CHECK(visible_files() == before);
  CHECK(events().size() == told);
  CHECK(provider.count("refetch") == 0);
  CHECK(provider.count("describe") == 0);
  CHECK(transport.requests().size() == requests);
}

TEST_CASE_FIXTURE(CycleBench, "cycle: a new license is found behind the cursor") {
  add_assets(*this, 3);
  cycle();
  provider.add("900", "e900");
  const auto summary = cycle();
  CHECK(summary.licenses_new == 1);
  CHECK(summary.files_mirrored == 1);
  CHECK(visible_files().contains(path_of("900")));
}

TEST_CASE_FIXTURE(CycleBench, "cycle: two licenses of one rendition share one file and one fetch") {
  provider.add("101", "e1");
  provider.add("101", "e2");
  const auto summary = cycle();
  CHECK(summary.files_mirrored == 2);
  CHECK(provider.count("refetch") == 1);
  const auto rows = files("mirrored");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].path == rows[1].path);
}

TEST_CASE_FIXTURE(CycleBench, "cycle: a later license of a rendition shares the file that is there, and it is told") {
  provider.add("101", "e1");
  cycle();
  provider.add("101", "e2");
  cycle();
  CHECK(provider.count("refetch") == 1);
  CHECK(contains(events(), "asset.stored 101 e2"));
}

TEST_CASE_FIXTURE(CycleBench, "cycle: an edit is described again, told once, and changes the sidecar only") {
  add_assets(*this, 2);
  cycle();
  const auto before = visible_files();
  provider.assets["101"].caption = "Edited";
  provider.notices = {{"101", false, clock.utc()}, {"555", false, clock.utc()}};
  clock.advance(std::chrono::hours(1));

  const auto summary = cycle();

  CHECK(summary.assets_updated == 1);
  CHECK(contains(events(), "asset.updated 101 "));
  auto after = visible_files();
  CHECK(after.at(path_of("101")) == before.at(path_of("101")));
  CHECK(after.at("newsroom/01/101/asset.json").find("Edited") != std::string::npos);
  CHECK(after.at("newsroom/02/102/asset.json") == before.at("newsroom/02/102/asset.json"));

  const auto told = events().size();
  provider.forget_calls();
  cycle();  // the overlap tells the same news again
  CHECK(provider.count("describe") == 0);
  CHECK(events().size() == told);
}

TEST_CASE_FIXTURE(CycleBench, "cycle: a single asset is asked for with the validator of the last answer") {
  add_assets(*this, 1);
  cycle();  // the first answer carries the validator
  CHECK(catalog().find_asset("newsroom", "101")->etag == "etag of Picture 101");
  const auto told = events().size();
  policy.full = true;
  cycle();
  CHECK(provider.count("recheck 101 etag of Picture 101") == 1);
  CHECK(provider.count("describe") == 0);
  CHECK(events().size() == told);
  CHECK(catalog().pending("newsroom", PendingKind::kMetadata).empty());

  provider.assets["101"].caption = "Edited";
  CHECK(cycle().assets_updated == 1);
  CHECK(catalog().find_asset("newsroom", "101")->etag == "etag of Edited");
}

TEST_CASE_FIXTURE(CycleBench, "cycle: a withdrawn asset is asked for without a validator, so that it can come back") {
  add_assets(*this, 1);
  cycle();
  const auto metadata = provider.assets.at("101");
  provider.assets.clear();
  policy.full = true;
  CHECK(cycle().assets_withdrawn == 1);
  provider.assets["101"] = metadata;
  cycle();
  CHECK(catalog().find_asset("newsroom", "101")->state == AssetState::kActive);
}

TEST_CASE_FIXTURE(CycleBench, "K1 cycle: an edit is seen though our own clock is an hour ahead of the provider's") {
  add_assets(*this, 1);
  cycle();
  provider.assets["101"].caption = "Edited";
  provider.notices = {{"101", false, clock.utc() - std::chrono::minutes(50)}};
  clock.advance(std::chrono::minutes(5));
  CHECK(cycle().assets_updated == 1);
}

TEST_CASE_FIXTURE(CycleBench, "cycle: a withdrawn asset keeps its file, is frozen with its last metadata and marked") {
  add_assets(*this, 2);
  cycle();
  const auto before = visible_files();
  provider.assets.erase("101");
  provider.notices = {{"101", true, clock.utc()}};

  const auto summary = cycle();

  CHECK(summary.assets_withdrawn == 1);
  const auto asset = catalog().find_asset("newsroom", "101");
  CHECK(asset->state == AssetState::kWithdrawn);
  CHECK(asset->metadata.find("Picture 101") != std::string::npos);
  CHECK(visible_files().at(path_of("101")) == before.at(path_of("101")));
  CHECK(visible_files().at("newsroom/01/101/asset.json").find("withdrawn") != std::string::npos);
  CHECK(contains(events(), "asset.withdrawn 101 "));
}

TEST_CASE_FIXTURE(CycleBench, "cycle: a video that a feed tells of is not asked for, and not taken for withdrawn") {
  add_assets(*this, 1);
  provider.history.front().media_kind = "video";
  provider.assets.clear();
  cycle();
  provider.notices = {{"101", false, clock.utc()}};
  clock.advance(std::chrono::hours(1));

  CHECK(cycle().assets_withdrawn == 0);

  CHECK(catalog().find_asset("newsroom", "101")->state == AssetState::kUnknown);
  CHECK(provider.count("describe") + provider.count("recheck") == 0);
}

TEST_CASE_FIXTURE(CycleBench, "F13 cycle: a withdrawn asset that comes back is restored") {
  add_assets(*this, 1);
  cycle();
  const auto metadata = provider.assets.at("101");
  provider.assets.erase("101");
  provider.notices = {{"101", true, clock.utc()}};
  cycle();
  clock.advance(std::chrono::hours(1));
  provider.assets["101"] = metadata;
  provider.notices = {{"101", false, clock.utc()}};
  cycle();
  CHECK(catalog().find_asset("newsroom", "101")->state == AssetState::kActive);
  CHECK(contains(events(), "asset.restored 101 "));
}

TEST_CASE_FIXTURE(CycleBench,
                  "I7 cycle: an asset that a batch left out but that has an address of its own is not withdrawn") {
  add_assets(*this, 2);
  cycle();
  policy.full = true;
  const auto metadata = provider.assets.at("101");
  // The batch is asked first and does not have it; by the time of the single question it is there again.
  provider.assets.erase("101");
  provider.fault = [&](const std::string& call, const std::string&) -> std::optional<Error> {
    if (call == "recheck") provider.assets["101"] = metadata;
    return std::nullopt;
  };
  const auto summary = cycle();
  CHECK(summary.assets_withdrawn == 0);
  CHECK(catalog().find_asset("newsroom", "101")->state == AssetState::kActive);
}

TEST_CASE_FIXTURE(
    CycleBench,
    "F12 cycle: too many withdrawals at once are held, nothing of them is applied, and a person lets them pass") {
  add_assets(*this, 60);
  provider.page_size = 50;
  cycle();
  for (int i = 1; i <= 52; ++i) {
    provider.assets.erase(std::to_string(100 + i));
    provider.notices.push_back({std::to_string(100 + i), true, clock.utc()});
  }
  auto summary = cycle();
  REQUIRE(summary.error);
  CHECK(summary.error->code == ErrorCode::kGuard);
  CHECK(summary.assets_withdrawn == 0);
  CHECK(catalog().counts("newsroom").assets_withdrawn == 0);

  provider.notices.clear();
  summary = cycle();  // still held, though the feed no longer tells
  REQUIRE(summary.error);
  CHECK(catalog().counts("newsroom").assets_withdrawn == 0);

  policy.accept_withdrawals = true;
  summary = cycle();
  CHECK_FALSE(summary.error);
  CHECK(catalog().counts("newsroom").assets_withdrawn == 52);
  CHECK(files("mirrored").size() == 60);
}

TEST_CASE_FIXTURE(CycleBench, "F12 cycle: a provider that mends its mistake releases the brake by itself") {
  add_assets(*this, 60);
  provider.page_size = 50;
  cycle();
  const auto all = provider.assets;
  provider.assets.clear();
  policy.full = true;
  CHECK(cycle().error);
  policy.full = false;
  provider.assets = all;
  CHECK_FALSE(cycle().error);
  CHECK(catalog().counts("newsroom").assets_active == 60);
}

TEST_CASE_FIXTURE(CycleBench,
                  "I7 cycle: a license that a complete history does not list has vanished, its file stays") {
  add_assets(*this, 4);
  cycle();
  provider.history.erase(provider.history.begin() + 1);
  CHECK(cycle().licenses_vanished == 0);  // a partial poll proves nothing
  policy.full = true;
  CHECK(cycle().licenses_vanished == 1);
  CHECK(catalog().find_license("newsroom", "e2")->state == LicenseState::kVanished);
  CHECK(visible_files().contains(path_of("102")));
  CHECK(contains(events(), "license.vanished 102 e2"));
}

TEST_CASE_FIXTURE(CycleBench, "cycle: a complete history is read again every week without being asked") {
  add_assets(*this, 2);
  cycle();
  provider.history.pop_back();
  clock.advance(std::chrono::hours(24 * 8));
  CHECK(cycle().licenses_vanished == 1);
}

TEST_CASE_FIXTURE(CycleBench, "K1 cycle: a history that a clock ahead of time read whole is read whole again") {
  add_assets(*this, 2);
  const UtcTime right = clock.utc();
  clock.set_utc(right + std::chrono::hours(24 * 365));
  cycle();
  clock.set_utc(right);
  provider.history.pop_back();
  CHECK(cycle().licenses_vanished == 1);
  CHECK(catalog().stream("newsroom", "licenses").last_full_at == right);
}

TEST_CASE_FIXTURE(CycleBench, "I3 cycle: a complete history whose losses could not be settled is read again at once") {
  add_assets(*this, 2);
  cycle();
  provider.history.pop_back();
  clock.advance(std::chrono::hours(24 * 8));
  provider.fault = [](const std::string& call, const std::string&) -> std::optional<Error> {
    if (call == "still_listed") return retryable(ErrorCode::kUnavailable, "no answer");
    return std::nullopt;
  };
  CHECK(cycle().error->code == ErrorCode::kUnavailable);
  provider.fault = nullptr;
  CHECK(cycle().licenses_vanished == 1);
}

TEST_CASE_FIXTURE(CycleBench,
                  "cycle: a license that cannot be downloaded is blocked with a reason and not asked for again") {
  add_assets(*this, 2);
  provider.not_downloadable.insert("e1");
  CHECK(cycle().files_blocked == 1);
  REQUIRE(files("blocked").size() == 1);
  CHECK(files("blocked")[0].reason == "not offered for download");
  provider.forget_calls();
  const auto summary = cycle();
  CHECK(provider.count("refetch") == 0);
  CHECK(summary.files_failed == 0);
}

TEST_CASE_FIXTURE(
    CycleBench,
    "M2 cycle: one bad file is quarantined with its reason, the others are mirrored, and it is retried later") {
  add_assets(*this, 4);
  bodies["102"] = "<!DOCTYPE html><html>please log in</html>";
  auto summary = cycle();
  CHECK(summary.files_mirrored == 3);
  CHECK(summary.files_failed == 1);
  REQUIRE(files("failed").size() == 1);
  CHECK(files("failed")[0].reason.find("no image") != std::string::npos);
  CHECK_FALSE(visible_files().contains(path_of("102")));

  bodies.clear();
  CHECK(cycle().files_mirrored == 0);  // the back-off is honoured
  clock.advance(std::chrono::minutes(6));
  CHECK(cycle().files_mirrored == 1);

  CHECK(files("failed").empty());
}

TEST_CASE_FIXTURE(CycleBench, "cycle: a person's sync retries what failed whatever its back-off") {
  add_assets(*this, 1);
  bodies["101"] = "";
  cycle();
  bodies.clear();
  policy.ignore_backoff = true;
  CHECK(cycle().files_mirrored == 1);
}

TEST_CASE_FIXTURE(CycleBench, "cycle: an asset that is listed without a license is described and gets no file") {
  provider.listed_assets = {"900"};
  provider.assets["900"].caption = "From the archive";

  auto summary = cycle();

  CHECK_FALSE(summary.error);
  CHECK(catalog().find_asset("newsroom", "900")->state == AssetState::kActive);
  CHECK(catalog().find_asset("newsroom", "900")->title == "From the archive");
  CHECK(visible_files().size() == 1);  // its asset.json
  CHECK(files().empty());
  provider.forget_calls();
  cycle();
  CHECK(provider.count("describe") == 0);

  policy.full = true;
  provider.assets["900"].caption = "Edited";
  summary = cycle();
  CHECK(summary.assets_updated == 1);
  CHECK(contains(events(), "asset.updated 900 "));

  provider.assets.clear();
  cycle();
  CHECK(catalog().find_asset("newsroom", "900")->state == AssetState::kWithdrawn);
}

TEST_CASE_FIXTURE(CycleBench, "P1 cycle: an item that cannot be used is quarantined once and never stops the page") {
  add_assets(*this, 2);
  provider.rejected = {{"license", "../../etc/passwd", "not an image id", "abc"}};
  CHECK(cycle().items_rejected == 1);
  CHECK(files("mirrored").size() == 2);
  policy.full = true;
  CHECK(cycle().items_rejected == 0);
  CHECK(catalog().pending("newsroom", PendingKind::kRejected).size() == 1);
  CHECK(catalog().counts("newsroom").quarantined == 1);
}

TEST_CASE_FIXTURE(CycleBench,
                  "I3 cycle: a poll that fails in the middle keeps what came before and goes on behind it") {
  add_assets(*this, 6);
  int polls = 0;
  provider.fault = [&](const std::string& call, const std::string&) -> std::optional<Error> {
    if (call == "poll licenses" && ++polls == 2) return make_error(ErrorCode::kUnavailable, "gone away");
    return std::nullopt;
  };
  const auto summary = cycle();
  REQUIRE(summary.error);
  CHECK(summary.error->code == ErrorCode::kUnavailable);
  CHECK(files("mirrored").size() == 2);
  CHECK(catalog().stream("newsroom", "licenses").last_error == "gone away");
  provider.fault = nullptr;
  CHECK_FALSE(cycle().error);
  CHECK(files("mirrored").size() == 6);
  CHECK(catalog().stream("newsroom", "licenses").last_error.empty());
}

TEST_CASE_FIXTURE(CycleBench, "cycle: refused credentials end the step, and what another step can do is still done") {
  add_assets(*this, 2);
  provider.fault = [](const std::string& call, const std::string&) -> std::optional<Error> {
    if (call == "describe") return make_error(ErrorCode::kUnauthorized, "scope missing");
    return std::nullopt;
  };
  const auto summary = cycle();
  CHECK(summary.error->code == ErrorCode::kUnauthorized);
  CHECK(summary.files_mirrored == 2);
}

TEST_CASE_FIXTURE(CycleBench,
                  "X1 cycle: below the reserve files are deferred, not failed, and fetched when there is room") {
  add_assets(*this, 3);
  policy.transfer.min_free = std::int64_t{1} << 60;
  const auto summary = cycle();
  CHECK(summary.error->code == ErrorCode::kLowSpace);
  CHECK(summary.files_mirrored == 0);
  CHECK(files("pending").size() == 3);
  policy.transfer.min_free = 0;
  CHECK(cycle().files_mirrored == 3);
}

TEST_CASE_FIXTURE(CycleBench, "cycle: a dry run tells what would be done and keeps nothing of it in the store") {
  add_assets(*this, 3);
  cycle();
  provider.add("900", "e900");
  provider.assets["101"].caption = "Edited";
  provider.notices = {{"101", false, clock.utc()}};
  plan.clear();
  policy.dry_run = true;
  const auto before = visible_files();
  cycle();
  std::vector<std::string> lines;
  for (const auto& action : plan) lines.push_back(action.action + " " + action.asset_id + " " + action.license_id);
  CHECK(contains(lines, "license 900 e900"));
  CHECK(contains(lines, "update 101 "));
  CHECK(contains(lines, "fetch 900 e900"));
  CHECK(visible_files() == before);
  CHECK(provider.count("refetch") == 3);
}

TEST_CASE_FIXTURE(
    CycleBench,
    "cycle: a license of another kind is listed as blocked, and the provider is not asked about its asset") {
  add_assets(*this, 1);
  provider.add("900", "v1").media_kind = "video";
  provider.assets.erase("900");
  for (const bool full : {false, true}) {
    policy.full = full;
    const auto summary = cycle();
    CHECK_FALSE(summary.error);
    CHECK(summary.assets_withdrawn == 0);
  }
  REQUIRE(files("blocked").size() == 1);
  CHECK(files("blocked")[0].license_id == "v1");
  CHECK(catalog().find_asset("newsroom", "900")->state == AssetState::kUnknown);
}

TEST_CASE_FIXTURE(CycleBench, "F1 cycle: the same license twice in a page is one license") {
  add_assets(*this, 2);
  provider.history.push_back(provider.history.front());
  const auto summary = cycle();
  CHECK(summary.licenses_new == 2);
  CHECK(summary.licenses_seen == 2);
}

TEST_CASE_FIXTURE(CycleBench, "cycle: what stands in a sidecar's place is left alone and all others are written") {
  add_assets(*this, 3);
  const auto taken = std::string(dir / "store") + "/newsroom/01/101/asset.json";
  std::filesystem::create_directories(taken + "/full");

  const auto summary = cycle();

  REQUIRE(summary.error);
  CHECK(summary.error->code == ErrorCode::kInvalid);
  CHECK(summary.files_mirrored == 3);
  CHECK(visible_files().contains("newsroom/03/103/asset.json"));
  CHECK(catalog().dirty_sidecars("newsroom", 10) == std::vector<std::string>{"101"});
  std::filesystem::remove_all(taken);
  CHECK_FALSE(cycle().error);
  CHECK(visible_files().contains("newsroom/01/101/asset.json"));
}

TEST_CASE_FIXTURE(CycleBench, "cycle: what stands in a file's place is left alone and the file is retried") {
  add_assets(*this, 2);
  std::filesystem::create_directories(std::string(dir / "store") + "/" + path_of("101"));
  const auto summary = cycle();
  CHECK(summary.files_mirrored == 1);
  CHECK(summary.files_failed == 1);
  CHECK(files("failed").size() == 1);
}

}  // namespace damsync
