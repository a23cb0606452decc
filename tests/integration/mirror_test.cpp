#include <doctest/doctest.h>

#include <set>

#include "storage/base/digest.h"
#include "tests/integration/desk.h"

namespace damsync {
namespace {

const std::set<std::string> kSyncFields = {"run_id", "started_at", "finished_at", "ok", "dry_run", "accounts"};
const std::set<std::string> kAccountFields = {"name",
                                              "provider",
                                              "ok",
                                              "error",
                                              "licenses_seen",
                                              "licenses_new",
                                              "licenses_vanished",
                                              "assets_updated",
                                              "assets_withdrawn",
                                              "files_mirrored",
                                              "files_failed",
                                              "files_blocked",
                                              "bytes",
                                              "calls_free",
                                              "calls_spending"};

void check_fields(const Json& object, const std::set<std::string>& names) {
  for (const auto& name : names) CHECK_MESSAGE(object.find(name) != nullptr, name);
}

}  // namespace

TEST_CASE("sync: the first run mirrors every license, with the bytes the provider serves") {
  Desk desk;
  desk.sim.edit([](ShutterstockState& state) {
    SimImage drawing;
    drawing.id = "58248626";
    drawing.image_type = "vector";
    drawing.description = "Flat icons";
    state.put_image(std::move(drawing));
  });
  desk.add_license("58248626", desk.sim.now() - std::chrono::hours(1));
  desk.sim.edit([](ShutterstockState& state) { state.license(Desk::license_id(6))->size = "vector"; });

  const Json run = desk.sync();

  check_fields(run, kSyncFields);
  const Json account = Desk::account_of(run);
  check_fields(account, kAccountFields);
  CHECK(flag(run, "ok"));
  CHECK_FALSE(flag(run, "dry_run"));
  CHECK(number(account, "licenses_new") == 7);
  CHECK(number(account, "files_mirrored") == 7);
  CHECK(number(account, "files_failed") == 0);

  const auto tree = desk.tree();
  const auto files = desk.list({"files"});
  REQUIRE(files.size() == 7);
  std::int64_t bytes = 0;
  for (const auto& file : files) {
    CHECK(text(file, "state") == "mirrored");
    const std::string path = text(file, "path");
    REQUIRE(tree.count(path) == 1);
    CHECK(tree.at(path) == desk.served(text(file, "asset_id"), text(file, "size")));
    CHECK(text(file, "sha256") == sha256_hex(tree.at(path)));
    CHECK(number(file, "bytes") == static_cast<std::int64_t>(tree.at(path).size()));
    CHECK(tree.count(path + ".xmp") == 1);
    bytes += number(file, "bytes");
  }
  CHECK(number(account, "bytes") == bytes);
  CHECK(tree.count("newsroom/" + text(files[0], "path").substr(9, 2) + "/" + text(files[0], "asset_id") +
                   "/asset.json") == 1);
  for (const auto& [license, times] : desk.sim.books().redownloads) CHECK_MESSAGE(times == 1, license);

  const auto photo = (desk.store() / text(files[0], "path")).string();
  const auto drawing = (desk.store() / text(files[6], "path")).string();
  CHECK(run_program({{"identify", photo}, {}, {}}).exit_code == 0);
  CHECK(holds(run_program({{"exiftool", "-FileType", photo}, {}, {}}).out, "JPEG"));
  CHECK(holds(run_program({{"exiftool", "-FileType", drawing}, {}, {}}).out, "EPS"));
  CHECK(run_program({{"exiftool", "-validate", "-error", photo + ".xmp"}, {}, {}}).exit_code == 0);
}

TEST_CASE("sync: a second run with nothing new downloads nothing, writes no file and needs a handful of calls") {
  Desk desk;
  desk.sync();
  const auto before = desk.marks();
  desk.forget_requests();

  const Json account = Desk::account_of(desk.sync());

  CHECK(desk.marks() == before);
  CHECK(number(account, "files_mirrored") == 0);
  CHECK(number(account, "licenses_new") == 0);
  CHECK(number(account, "assets_updated") == 0);
  CHECK(number(account, "bytes") == 0);
  CHECK(number(account, "calls_free") <= 8);
  CHECK(desk.count("POST *") == 0);
  CHECK(desk.count("GET /gatekeeper/*") == 0);
}

TEST_CASE("sync: --dry-run prints the plan and creates nothing, not even a catalog") {
  Desk desk(3);

  const Json run = desk.sync(0, {"--dry-run"});

  CHECK(flag(run, "dry_run"));
  CHECK(member(run, "plan").if_array()->size() >= 3);
  CHECK_FALSE(std::filesystem::exists(desk.catalog()));
  CHECK_FALSE(std::filesystem::exists(desk.store()));
  std::size_t entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(desk.dir.path()))
    entries += entry.path().empty() ? 0 : 1;
  CHECK(entries == 2);  // the settings and the token
  CHECK(desk.count("POST *") == 0);
}

TEST_CASE("sync: --dry-run on an existing state changes no byte of it") {
  Desk desk(3);
  desk.sync();
  desk.add_image("4711", "A new one");
  desk.add_license("4711", desk.sim.now());
  const auto before = desk.marks();
  const auto changes = desk.list({"changes"}).size();

  const Json run = desk.sync(0, {"--dry-run"});

  CHECK(write_json(member(run, "plan")).find("4711") != std::string::npos);
  CHECK(desk.marks() == before);
  CHECK(desk.list({"changes"}).size() == changes);
  CHECK(desk.list({"licenses"}).size() == 3);
}

TEST_CASE("sync: a new license, an edit, a withdrawal and a return reach catalog and store") {
  Desk desk;
  desk.refusals_expected = true;  // 404 for what was withdrawn
  desk.sync();
  desk.add_image("4711", "A new one");
  desk.add_license("4711", desk.sim.now());
  desk.sim.edit([now = desk.sim.now()](ShutterstockState& state) {
    state.edit_description(Desk::image_id(1), "Changed words", now);
    state.withdraw(Desk::image_id(2), now);
  });

  const Json second = Desk::account_of(desk.sync());

  CHECK(number(second, "licenses_new") == 1);
  CHECK(number(second, "files_mirrored") == 1);
  CHECK(number(second, "assets_withdrawn") == 1);
  CHECK(number(second, "assets_updated") >= 1);
  CHECK(text(member(desk.show(Desk::image_id(1)), "asset"), "title") == "Changed words");
  const Json gone = desk.show(Desk::image_id(2));
  CHECK(text(member(gone, "asset"), "state") == "withdrawn");
  CHECK(text(member(gone, "asset"), "title") == "Picture 2");  // frozen with its last words
  CHECK(text(member(gone, "files").if_array()->front(), "state") == "mirrored");
  CHECK(desk.tree().count(text(member(gone, "files").if_array()->front(), "path")) == 1);

  desk.sim.edit([now = desk.sim.now()](ShutterstockState& state) { state.restore(Desk::image_id(2), now); });
  desk.sync();

  CHECK(text(member(desk.show(Desk::image_id(2)), "asset"), "state") == "active");
  CHECK(write_json(member(desk.show(Desk::image_id(2)), "changes")).find("asset.restored") != std::string::npos);
  CHECK(desk.sim.books().redownloads.size() == 7);
}

TEST_CASE("sync: a license that left the history is called vanished by --full, its file stays") {
  Desk desk;
  desk.sync();
  desk.sim.edit([](ShutterstockState& state) { state.remove_license(Desk::license_id(3)); });

  const Json account = Desk::account_of(desk.sync(0, {"--full"}));

  CHECK(number(account, "licenses_vanished") == 1);
  CHECK(number(account, "licenses_seen") >= 5);
  const auto vanished = desk.list({"licenses", "--state", "vanished"});
  REQUIRE(vanished.size() == 1);
  CHECK(text(vanished.front(), "license_id") == Desk::license_id(3));
  for (const auto& file : desk.list({"files"})) CHECK(desk.tree().count(text(file, "path")) == 1);

  desk.sim.edit([](ShutterstockState& state) {
    SimLicense again = *state.licenses().front();
    again.id = Desk::license_id(3);
    again.image_id = Desk::image_id(3);
    state.add_license(std::move(again));
  });
  desk.sync(0, {"--full"});
  CHECK(desk.list({"licenses", "--state", "vanished"}).empty());
  CHECK(desk.sim.books().redownloads.at(Desk::license_id(3)) == 1);  // the file was here all the time
}

}  // namespace damsync
