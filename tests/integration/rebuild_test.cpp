#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "tests/integration/desk.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

void overwrite(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr const char* kDamaged = "this was a catalog once";

void damage_catalog(const Desk& desk) {
  for (const char* suffix : {"-wal", "-shm"}) fs::remove(desk.catalog().string() + suffix);
  overwrite(desk.catalog(), kDamaged);
}

/// The published tree without what holds a revision or a time of fetching, which begin anew.
std::map<std::string, std::string> pictures(const Desk& desk) {
  auto tree = desk.tree();
  std::erase_if(tree, [](const auto& file) { return !file.first.ends_with(".jpg"); });
  return tree;
}

/// What the lists say of things that last, in list order: no time of a look, no revision.
std::vector<std::string> held(Desk& desk) {
  std::vector<std::string> rows;
  for (const auto& asset : desk.list({"assets"}))
    rows.push_back("asset " + text(asset, "asset_id") + text(asset, "state") + text(asset, "title"));
  for (const auto& license : desk.list({"licenses"}))
    rows.push_back("license " + text(license, "license_id") + text(license, "state") + text(license, "licensed_at") +
                   text(license, "licensed_by") + text(license, "license_type"));
  for (const auto& file : desk.list({"files"})) {
    const Json* sha256 = file.find("sha256");
    rows.push_back("file " + text(file, "license_id") + text(file, "state") +
                   (sha256 != nullptr && sha256->is_string() ? text(file, "path") + *sha256->if_string() : ""));
  }
  return rows;
}

/// An account in which something has happened: a picture withdrawn, another edited, two licenses of one file.
void live_a_little(Desk& desk) {
  desk.add_license(Desk::image_id(2), desk.sim.now() - std::chrono::hours(1));
  desk.sync();
  const UtcTime now = desk.sim.now();
  desk.sim.edit([&](ShutterstockState& state) {
    state.edit_description(Desk::image_id(0), "Another text", now);
    state.withdraw(Desk::image_id(1), now);
  });
  desk.refusals_expected = true;  // the withdrawn picture is asked for
  desk.sync(0, {"--full"});
}

}  // namespace

TEST_CASE("D2 rebuild: a damaged catalog is made again from the store, and nothing is fetched a second time") {
  Desk desk(5);
  live_a_little(desk);
  const auto before = held(desk);
  const auto tree = pictures(desk);
  damage_catalog(desk);
  CHECK(desk.damsync({"sync"}).exit_code == 78);
  desk.forget_requests();

  const auto rebuilt = desk.damsync({"db", "rebuild", "--offline", "--json"});

  INFO(rebuilt.err);
  CHECK(rebuilt.exit_code == 0);
  CHECK(desk.requests().empty());
  const Json told = lines_of(rebuilt.out).at(0);
  CHECK(number(told, "assets") == 5);
  CHECK(number(told, "licenses") == 6);
  CHECK(number(told, "files") == 6);
  CHECK(fs::exists(text(told, "set_aside")));
  CHECK(held(desk) == before);
  desk.calls_comparable = false;
  desk.sync(0, {"--full"});
  CHECK(desk.count("GET /gatekeeper/*") == 0);
  CHECK(held(desk) == before);
  CHECK(pictures(desk) == tree);
  CHECK(desk.damsync({"db", "check"}).exit_code == 0);
}

TEST_CASE("rebuild and restore: no asset's revision ever falls") {
  Desk desk(3);
  live_a_little(desk);
  desk.calls_comparable = false;
  const auto revisions = [&] {
    std::map<std::string, std::int64_t> out;
    for (const auto& asset : desk.list({"assets"})) out[text(asset, "asset_id")] = number(asset, "revision");
    return out;
  };
  const std::string backup = desk.dir / "backup.db";
  REQUIRE(desk.damsync({"db", "backup", backup}).exit_code == 0);
  const auto edit = [&](const std::string& title) {
    const UtcTime now = desk.sim.now();
    desk.sim.edit([&](ShutterstockState& state) { state.edit_description(Desk::image_id(0), title, now); });
    desk.sync(0, {"--full"});
    return revisions().at(Desk::image_id(0));
  };
  auto before = edit("A newer text");
  REQUIRE(desk.damsync({"db", "restore", backup}).exit_code == 0);
  auto after = edit("The newest text");
  CHECK(after > before);

  const auto all = revisions();
  REQUIRE(desk.damsync({"db", "rebuild", "--force", "--offline"}).exit_code == 0);
  for (const auto& [asset, revision] : revisions()) {
    CAPTURE(asset);
    CHECK(revision > all.at(asset));
  }
  before = revisions().at(Desk::image_id(0));
  CHECK(edit("A last text") > before);
}

TEST_CASE("rebuild: the providers' history adds what was licensed since, and the feed tells of everything") {
  Desk desk(3);
  desk.sync();
  desk.add_image("700000001");
  desk.add_license("700000001", desk.sim.now() - std::chrono::minutes(1));
  fs::remove(desk.catalog());
  desk.calls_comparable = false;
  const auto lost = desk.damsync({"sync"});  // makes an empty catalog, and sees that the store is another one's
  CHECK(lost.exit_code == 78);
  CHECK(holds(lost.err, "damsync db rebuild"));

  const auto rebuilt = desk.damsync({"db", "rebuild", "--json"});

  INFO(rebuilt.err);
  CHECK(rebuilt.exit_code == 0);
  CHECK(desk.list({"files", "--state", "mirrored"}).size() == 4);
  std::map<std::string, int> told;
  for (const auto& change : desk.list({"changes"})) ++told[text(change, "type")];
  CHECK(told["asset.licensed"] == 4);
  CHECK(told["license.added"] == 4);
  CHECK(told["asset.stored"] == 4);
}

TEST_CASE("M9 rebuild: a file that is gone or has other bytes is known as such, and fetched again") {
  Desk desk(3);
  desk.sync();
  const auto tree = pictures(desk);
  std::vector<std::string> files;
  for (const auto& [path, bytes] : tree) files.push_back(path);
  REQUIRE(files.size() == 3);
  overwrite(desk.store() / files[0], "other bytes");
  fs::remove(desk.store() / files[1]);
  damage_catalog(desk);

  const auto rebuilt = desk.damsync({"db", "rebuild", "--offline", "--json"});

  const Json told = lines_of(rebuilt.out).at(0);
  CHECK(number(told, "files") == 1);
  CHECK(number(told, "missing") == 1);
  CHECK(number(told, "corrupt") == 1);
  CHECK(desk.list({"files", "--state", "missing"}).size() == 1);
  CHECK(desk.list({"files", "--state", "corrupt"}).size() == 1);
  desk.sync();
  CHECK(pictures(desk) == tree);
}

TEST_CASE("rebuild: a sidecar that cannot be used is named, and its asset comes back from the provider") {
  Desk desk(3);
  desk.sync();
  std::string spoilt;
  for (const auto& [path, bytes] : desk.tree())
    if (path.ends_with("asset.json")) spoilt = path;
  overwrite(desk.store() / spoilt, "{\"schema_version\": 1, \"provider\": 7}");
  damage_catalog(desk);

  const auto rebuilt = desk.damsync({"db", "rebuild", "--offline"});

  CHECK(rebuilt.exit_code == 1);
  CHECK(holds(rebuilt.out, spoilt));
  CHECK(desk.list({"assets"}).size() == 2);
  desk.sync();
  CHECK(desk.list({"assets"}).size() == 3);
}

TEST_CASE("rebuild: a sound catalog is not thrown away unless somebody insists") {
  Desk desk(2);
  desk.sync();
  const auto refused = desk.damsync({"db", "rebuild", "--offline"});
  CHECK(refused.exit_code == 2);
  CHECK(holds(refused.err, "--force"));
  CHECK(desk.damsync({"db", "rebuild", "--offline", "--force"}).exit_code == 0);
  CHECK(desk.list({"assets"}).size() == 2);
}

TEST_CASE("P8 rebuild: where the store has no sentinel nothing is rebuilt and the old catalog stays") {
  Desk desk(2);
  desk.sync();
  fs::remove(desk.store() / ".damsync" / "sentinel");
  damage_catalog(desk);
  const auto refused = desk.damsync({"db", "rebuild", "--offline"});
  CHECK(refused.exit_code == 78);
  CHECK(holds(refused.err, "sentinel"));
  CHECK(bytes_of(desk.catalog()) == kDamaged);
}

TEST_CASE("G3 rebuild: after a crash at any point there is the old catalog or the new one, and a rebuild works") {
  constexpr int kCrashed = 137;
  Desk desk(2);
  desk.sync();
  int points = 0;
  for (int exit_code = kCrashed; exit_code == kCrashed; ++points) {
    damage_catalog(desk);
    desk.environment["DAMSYNC_CRASH_AT"] = std::to_string(points + 1);
    exit_code = desk.damsync({"db", "rebuild", "--offline"}).exit_code;
    desk.environment.clear();
    INFO("point " << points + 1);
    const bool old_one = bytes_of(desk.catalog()) == kDamaged;
    CHECK((old_one || desk.damsync({"db", "check"}).exit_code == 0));
    CHECK(desk.damsync({"db", "rebuild", "--offline", "--force"}).exit_code == 0);
    CHECK(desk.list({"files", "--state", "mirrored"}).size() == 2);
  }
  CHECK(points > 5);
}

}  // namespace damsync
