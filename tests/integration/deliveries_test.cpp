#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "storage/files/instance_lock.h"
#include "tests/integration/hook_desk.h"

namespace damsync {
namespace {

std::vector<std::string> sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  return list;
}

}  // namespace

TEST_CASE_FIXTURE(HookDesk,
                  "deliveries: a sync tells its receivers every change once, signed and in order of revisions") {
  const Json run = desk.sync();
  const auto told = *member(run, "deliveries").if_array();
  REQUIRE(told.size() == 1);
  CHECK(text(told.front(), "receiver") == "cms");
  CHECK(number(told.front(), "delivered") == static_cast<std::int64_t>(feed().size()));
  CHECK(sorted(hook.ids()) == sorted(feed()));

  std::map<std::string, std::int64_t> revisions;
  for (const auto& got : hook.received()) {
    CHECK(got.verified);
    CHECK(text(got.event, "id") == got.id);
    CHECK(text(got.event, "specversion") == "1.0");
    const Json& data = member(got.event, "data");
    CHECK(text(got.event, "type") == "org.damsync." + text(data, "type") + ".v1");
    CHECK(text(got.event, "subject") == "shutterstock:" + text(data, "asset_id"));
    for (const char* name : {"provider", "account", "license_id", "fields"}) CHECK(data.find(name) != nullptr);
    CHECK(number(data, "revision") > revisions[text(data, "asset_id")]);
    revisions[text(data, "asset_id")] = number(data, "revision");
    if (text(data, "type") != "asset.stored") continue;
    const std::string path = text(data, "path");
    CHECK(desk.tree().count(path) == 1);
    CHECK(text(data, "sha256").size() == 64);
  }
  for (const auto& asset : desk.list({"assets"}))
    CHECK(revisions.at(text(asset, "asset_id")) == number(asset, "revision"));

  hook.forget();
  desk.sync();
  CHECK(hook.ids().empty());
}

TEST_CASE_FIXTURE(HookDesk, "deliveries: a receiver that is new is told what comes after it, and all by a replay") {
  desk.write_file("conf.d/hooks.toml", "");
  desk.sync();
  const auto before = feed();
  CHECK(holds(desk.damsync({"deliveries", "replay", "--since", "0"}).out, "the settings name no receiver"));
  write_hook();
  desk.sync();
  CHECK(hook.ids().empty());
  CHECK(holds(desk.damsync({"deliveries", "list"}).out, "not told anything yet"));
  desk.add_image("200000001");
  desk.add_license("200000001", desk.sim.now() - std::chrono::minutes(5));
  desk.sync();
  CHECK(hook.ids().size() == feed().size() - before.size());

  hook.forget();
  const auto replayed = deliveries({"replay", "--since", "0", "--receiver", "cms"});
  CHECK(number(replayed.at(0), "changes") == static_cast<std::int64_t>(feed().size()));
  deliveries({"run"});
  CHECK(sorted(hook.ids()) == sorted(feed()));
  hook.forget();
  deliveries({"replay", "--since", std::to_string(feed().size() - 1)});
  deliveries({"run"});
  CHECK(hook.ids() == std::vector<std::string>{feed().back()});
}

TEST_CASE_FIXTURE(HookDesk,
                  "W1 deliveries: a failing receiver fails no sync, status and list tell, retry brings it all") {
  hook.answer([](const Received&) { return "500 Oops\r\n"; });
  desk.sync(0);
  CHECK(desk.tree().size() > 3);
  const Json failing = receiver();
  CHECK(text(failing, "state") == "failing");
  CHECK(number(failing, "waiting") + number(failing, "behind") >= static_cast<std::int64_t>(feed().size()));
  CHECK(holds(text(failing, "reason"), "answered 500"));
  const auto waiting = deliveries({"list", "--state", "waiting", "--limit", "2"});
  CHECK(waiting.size() == 2);
  CHECK(text(waiting[0], "kind") == "delivery");

  const auto status = desk.damsync({"status", "--check"});
  CHECK(status.exit_code == 3);
  CHECK(holds(status.out, "receiver cms: failing since"));

  hook.answer(nullptr);
  deliveries({"retry", "--all"});
  deliveries({"run"});
  CHECK(sorted(hook.ids()) == sorted(feed()));
  CHECK(text(receiver(), "state") == "ok");
  CHECK(desk.damsync({"status", "--check"}).exit_code == 0);
}

TEST_CASE_FIXTURE(HookDesk, "W1 deliveries: a receiver that answers 410 is told nothing until a person says so") {
  hook.answer([](const Received&) { return "410 Gone\r\n"; });
  desk.sync(0);
  const auto tries = hook.received().size();
  desk.sync(0);
  deliveries({"run"}, 1);
  CHECK(hook.received().size() == tries);
  CHECK(text(receiver(), "state") == "disabled");
  CHECK(holds(desk.damsync({"status"}).out, "`damsync deliveries retry --all --receiver cms`"));

  hook.answer(nullptr);
  deliveries({"retry", "--all", "--receiver", "cms"});
  deliveries({"run"});
  CHECK(sorted(hook.ids()) == sorted(feed()));
}

TEST_CASE_FIXTURE(HookDesk, "deliveries: single events are tried again by their ids") {
  const std::string unlucky = Desk::image_id(1);
  hook.answer([&](const Received& got) {
    return text(member(got.event, "data"), "asset_id") == unlucky ? "422 No\r\n" : "204 No Content\r\n";
  });
  desk.sync(0);
  const auto waiting = deliveries({"list", "--state", "waiting"});
  REQUIRE(!waiting.empty());
  for (const auto& row : waiting) CHECK(text(row, "asset_id") == unlucky);
  CHECK(number(waiting[0], "attempts") == 1);
  hook.answer(nullptr);
  hook.forget();
  deliveries({"retry", text(waiting[0], "id")});
  deliveries({"run"});
  CHECK(hook.ids().size() == waiting.size());
  CHECK(hook.ids().front() == text(waiting[0], "id"));
}

TEST_CASE_FIXTURE(HookDesk,
                  "deliveries: to try an event again is to serve its receiver again, however it had answered") {
  SUBCASE("left alone for a while") {
    hook.answer([](const Received&) { return "503 Later\r\nRetry-After: 3000\r\n"; });
    desk.sync(0);
    const std::string listed = desk.damsync({"deliveries", "list"}).out;
    INFO(listed);
    CHECK(holds(listed, ", quiet until 20"));
  }
  SUBCASE("told nothing any more") {
    hook.answer([](const Received&) { return "410 Gone\r\n"; });
    desk.sync(0);
    CHECK(text(receiver(), "state") == "disabled");
  }
  const auto waiting = deliveries({"list", "--state", "waiting"});  // as many as were on their way at once
  REQUIRE(!waiting.empty());
  hook.answer(nullptr);
  hook.forget();
  deliveries({"run"}, 1);
  CHECK(hook.ids().empty());
  for (const auto& event : waiting) deliveries({"retry", text(event, "id")});
  deliveries({"run"});
  CHECK(sorted(hook.ids()) == sorted(feed()));
}

TEST_CASE_FIXTURE(HookDesk, "deliveries: what waits is what the receiver wants, and nothing for one that is gone") {
  write_hook("events = [\"asset.stored\"]");
  hook.answer([](const Received&) { return "410 Gone\r\n"; });
  desk.sync(0);
  CHECK(number(receiver(), "waiting") + number(receiver(), "behind") == 3);
  CHECK(holds(desk.damsync({"status"}).out, "3 waiting"));

  desk.write_file("conf.d/hooks.toml", "");
  CHECK(!flag(receiver(), "in_settings"));
  CHECK(number(receiver(), "behind") == 0);
  CHECK(holds(desk.damsync({"deliveries", "list"}).out, "not in the settings"));
}

TEST_CASE_FIXTURE(HookDesk, "deliveries: a URL may have a query, which is in no message") {
  desk.write_file("conf.d/hooks.toml", fmt::format("[[webhook]]\nname = \"cms\"\nurl = \"{}?token=hushhush\"\n"
                                                   "secret = {{ file = \"{}\" }}\n",
                                                   hook.url(), desk.dir / "hook-secret"));
  hook.answer([](const Received& got) { return got.target == "/hook?token=hushhush" ? "500 No\r\n" : "200 OK\r\n"; });
  desk.sync(0);
  CHECK(holds(text(receiver(), "reason"), "/hook answered 500"));
  for (const Words& words :
       {Words{"deliveries", "run"}, Words{"status"}, Words{"deliveries", "list"}, Words{"config", "show"}}) {
    const auto said = desk.damsync(words);
    CHECK(!holds(said.out + said.err, "hushhush"));
  }
}

TEST_CASE_FIXTURE(HookDesk, "deliveries: filters leave out what a receiver does not want") {
  write_hook("events = [\"asset.stored\"]");
  desk.sync();
  CHECK(hook.ids().size() == 3);
  for (const auto& got : hook.received()) CHECK(text(got.event, "type") == "org.damsync.asset.stored.v1");
  write_hook("license_types = [\"no such\"]");
  hook.forget();
  deliveries({"replay", "--since", "0"});
  deliveries({"run"});
  CHECK(hook.ids().empty());
}

TEST_CASE_FIXTURE(HookDesk, "deliveries: a secret of another form stops its own receiver, visibly, and nothing else") {
  desk.write_file("hook-secret", "not a whsec\n");
  desk.sync(0);
  CHECK(text(receiver(), "state") == "failing");
  CHECK(holds(text(receiver(), "reason"), "whsec_"));
  CHECK(desk.damsync({"deliveries", "run"}).exit_code == 78);
  desk.write_file("hook-secret", secret + "\n");
  deliveries({"retry", "--all"});
  deliveries({"run"});
  CHECK(sorted(hook.ids()) == sorted(feed()));
}

TEST_CASE_FIXTURE(HookDesk, "deliveries: a program gets the same events, and its failure is retried like any other") {
  desk.write_file(
      "conf.d/hooks.toml",
      fmt::format("[[command]]\nname = \"log\"\nrun = [\"/bin/sh\", \"-c\", \"test -e '{0}' && cat >> '{1}'\"]\n",
                  desk.dir / "ready", desk.dir / "log"));
  desk.sync(0);
  CHECK(text(receiver(), "state") == "ok");
  CHECK(number(receiver(), "waiting") == static_cast<std::int64_t>(feed().size()));
  desk.write_file("ready", "");
  deliveries({"retry", "--all"});
  deliveries({"run"});
  std::ifstream in(desk.dir / "log");
  std::vector<std::string> ids;
  for (const auto& event : lines_of(std::string(std::istreambuf_iterator<char>(in), {})))
    ids.push_back(text(event, "id"));
  CHECK(sorted(ids) == sorted(feed()));
}

TEST_CASE_FIXTURE(HookDesk, "sync.failed: is told once for a kind of failure, until the account went well again") {
  write_hook("events = [\"sync.*\"]");
  desk.sync();
  desk.refusals_expected = true;
  desk.calls_comparable = false;
  for (int round = 1; round <= 2; ++round) {
    desk.write_file("token", "v2/another\n");
    for (int i = 0; i < 3; ++i) CHECK(desk.damsync({"sync"}).exit_code == 77);
    CHECK(hook.ids().size() == static_cast<std::size_t>(round));
    desk.write_file("token", "v2/sandbox-token-of-the-newsroom\n");
    CHECK(desk.damsync({"sync"}).exit_code == 0);
  }
  const Json data = member(hook.received().back().event, "data");
  CHECK(text(data, "account") == "newsroom");
  CHECK(number(data, "revision") == 0);
  CHECK(text(member(data, "error"), "code") == "unauthorized");
  CHECK(*member(data, "fields").if_array()->front().if_string() == "unauthorized");
}

TEST_CASE_FIXTURE(HookDesk, "C4 deliveries: wrong words are usage errors") {
  desk.sync();
  for (const Words& words :
       {Words{"deliveries"}, Words{"deliveries", "drop"}, Words{"deliveries", "retry"},
        Words{"deliveries", "retry", "--all", "01KAFE00000000000000000000"}, Words{"deliveries", "retry", "nope"},
        Words{"deliveries", "replay"}, Words{"deliveries", "replay", "--since", "yesterday"},
        Words{"deliveries", "list", "--all"}, Words{"deliveries", "list", "--state", "gone"},
        Words{"deliveries", "list", "--receiver", "nobody"}, Words{"deliveries", "run", "--time-limit", "5"},
        Words{"deliveries", "run", "--limit", "5"}}) {
    CAPTURE(words);
    CHECK(desk.damsync(words).exit_code == 2);
  }
}

TEST_CASE_FIXTURE(HookDesk, "G7 deliveries: what changes the outbox is refused while another damsync works here") {
  desk.sync();
  const auto lock = InstanceLock::take(desk.catalog().string() + ".lock");
  REQUIRE(lock);
  CHECK(desk.damsync({"deliveries", "list"}).exit_code == 0);
  for (const Words& words : {Words{"deliveries", "retry", "--all"}, Words{"deliveries", "replay", "--since", "0"},
                             Words{"deliveries", "run"}})
    CHECK(desk.damsync(words).exit_code == 75);
}

}  // namespace damsync
