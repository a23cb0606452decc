#include <doctest/doctest.h>

#include "tests/integration/desk.h"

namespace damsync {

TEST_CASE("collections: sync mirrors which of our pictures are in which, and list shows it") {
  Desk desk(3);
  desk.account["collections"] = "true";
  desk.account["featured_collections"] = "[\"136351027\"]";
  desk.write_settings();
  const UtcTime time{std::chrono::sys_days(std::chrono::year(2026) / 1 / 2)};
  desk.sim.edit([&](ShutterstockState& state) {
    state.collections = {{"55301587", "Titelbilder", time, time, {{Desk::image_id(0), time}, {"4711", time}}}};
    state.featured = {{"136351027", "Editors' choice", time, time, {{Desk::image_id(0), time}}}};
  });
  desk.sync();

  const auto rows = desk.list({"collections"});
  REQUIRE(rows.size() == 2);
  CHECK(text(rows[0], "collection_id") == "136351027");
  CHECK(text(rows[1], "collection_id") == "55301587");
  CHECK(text(rows[1], "name") == "Titelbilder");
  CHECK(text(rows[1], "provider") == "shutterstock");
  CHECK(text(rows[1], "account") == "newsroom");
  CHECK(number(rows[1], "items") == 2);
  CHECK(number(rows[1], "held") == 1);
  CHECK(write_json(member(rows[1], "assets")) == "[\"" + Desk::image_id(0) + "\"]");
  CHECK(text(rows[1], "updated_at") == "2026-01-02T00:00:00Z");
  CHECK(write_json(member(desk.show(Desk::image_id(0)), "collections")) ==
        R"([{"account":"newsroom","collection_id":"136351027","name":"Editors' choice"},)"
        R"({"account":"newsroom","collection_id":"55301587","name":"Titelbilder"}])");
  CHECK(holds(desk.damsync({"show", "shutterstock:" + Desk::image_id(0)}).out, "Titelbilder"));
  CHECK(holds(desk.damsync({"list", "collections"}).out, "Titelbilder"));

  std::string xmp;
  for (const auto& [path, bytes] : desk.tree())
    if (holds(path, Desk::image_id(0)) && path.ends_with(".xmp")) xmp = bytes;
  CHECK(holds(xmp, "Collections|Titelbilder"));
  CHECK(holds(xmp, "Collections|Editors' choice"));
  int told = 0;
  for (const auto& change : lines_of(desk.damsync({"changes"}).out))
    if (text(change, "type") == "collection.changed") {
      ++told;
      CHECK(text(change, "asset_id") == Desk::image_id(0));
      CHECK(write_json(member(change, "fields")) == R"(["collections"])");
    }
  CHECK(told == 1);

  desk.forget_requests();
  desk.sync();
  CHECK(desk.count("GET /v2/images/collections*") == 0);
}

TEST_CASE("collections: those of an account that does not read them any more are forgotten") {
  Desk desk(1);
  desk.account["collections"] = "true";
  desk.write_settings();
  const UtcTime time{std::chrono::sys_days(std::chrono::year(2026) / 1 / 2)};
  desk.sim.edit([&](ShutterstockState& state) {
    state.collections = {{"55301587", "Titelbilder", time, time, {{Desk::image_id(0), time}}}};
  });
  desk.sync();
  REQUIRE(desk.list({"collections"}).size() == 1);
  desk.account["collections"] = "false";
  desk.write_settings();
  desk.sync();
  CHECK(desk.list({"collections"}).empty());
  for (const auto& [path, bytes] : desk.tree()) CHECK_FALSE(holds(bytes, "Titelbilder"));
}

TEST_CASE("collections: a token without the scope is said, and the other work of the cycle is done") {
  Desk desk(1);
  desk.account["collections"] = "true";
  desk.write_settings();
  desk.sim.edit([&](ShutterstockState& state) {
    for (auto& [token, owner] : state.tokens) owner.scopes.erase("collections.view");
  });
  desk.refusals_expected = true;
  desk.calls_comparable = false;  // the second run is read as text
  const Json account = Desk::account_of(desk.sync(77));
  CHECK(text(account, "error_code") == "unauthorized");
  CHECK(number(account, "files_mirrored") == 1);
  CHECK(holds(desk.damsync({"sync"}).err, "collections.not_read"));
  CHECK(desk.list({"collections"}).empty());
  const auto status = desk.damsync({"status", "--check"});
  CHECK(status.exit_code == 3);
  CHECK(holds(status.out, "collections"));
}

}  // namespace damsync
