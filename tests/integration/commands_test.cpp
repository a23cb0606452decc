#include <doctest/doctest.h>

#include "storage/base/time.h"
#include "tests/integration/desk.h"

namespace damsync {

TEST_CASE("C1 config: every mistake is told at once, with file and line, and ends in 78") {
  Desk desk(0);
  desk.store_keys["min_fre"] = "\"5GiB\"";
  desk.store_keys["sidecars"] = "7";
  desk.account["concurrency"] = "1000";
  desk.account["base_url"] = "\"http://api.example.org\"";
  desk.limits["deletion_brake"] = "\"500%\"";
  desk.write_settings();

  for (const Words& words : {Words{"config", "check"}, Words{"sync"}, Words{"status"}}) {
    const ProgramResult result = desk.damsync(words);
    CHECK(result.exit_code == 78);
    for (const char* key : {"min_fre", "min_free", "sidecars", "concurrency", "base_url", "deletion_brake"})
      CHECK_MESSAGE(holds(result.err, key), key << " in " << result.err);
    CHECK(holds(result.err, "damsync.toml:"));
  }
  CHECK_FALSE(std::filesystem::exists(desk.catalog()));
}

TEST_CASE("config: what init writes is accepted by check, show masks secrets") {
  Desk desk(0);
  const std::string file = desk.dir / "new.toml";
  CHECK(desk.damsync({"config", "init", file}).exit_code == 0);
  CHECK(desk.damsync({"config", "init", file}).exit_code == 2);         // never overwrites
  CHECK(desk.damsync({"config", "check", "-c", file}).exit_code == 2);  // -c twice
  CHECK(desk.damsync({"config", "check"}).exit_code == 0);
  const ProgramResult shown = desk.damsync({"config", "show"});
  CHECK(shown.exit_code == 0);
  CHECK(holds(shown.out, "newsroom"));
  CHECK(lines_of(desk.damsync({"config", "show", "--json"}).out).size() == 1);
}

TEST_CASE("C4 usage: wrong use ends in 2 and says what is wrong") {
  Desk desk(0);
  const std::vector<std::pair<Words, std::string>> wrong = {{{"snyc"}, "sync"},
                                                            {{"-v", "chnages"}, "there is no command 'chnages'"},
                                                            {{"-v"}, "no command is given"},
                                                            {{"sync", "--dryrun"}, "--dryrun"},
                                                            {{"sync", "--account"}, "--account"},
                                                            {{"sync", "--account", "nobody"}, "newsroom"},
                                                            {{"sync", "sync"}, "sync"},
                                                            {{"list"}, "Run `damsync list --help`"},
                                                            {{"list", "pictures"}, "pictures"},
                                                            {{"list", "files", "--state", "fine"}, "fine"},
                                                            {{"list", "files", "--limit", "-1"}, "limit"},
                                                            {{"list", "files", "--limit", "x"}, "whole number"},
                                                            {{"list", "files", "--since", "yesterday"}, "yesterday"},
                                                            {{"show"}, "asset"},
                                                            {{"show", "4711"}, "4711"},
                                                            {{"verify", "--sample", "0%"}, "0%"},
                                                            {{"db", "backup"}, "FILE"},
                                                            {{"db", "status", "x"}, "FILE"},
                                                            {{"config", "check", "x"}, "-c"},
                                                            {{"-q", "-v", "status"}, "-q"},
                                                            {{"--log-format", "xml", "status"}, "xml"}};
  for (const auto& [words, part] : wrong) {
    ProgramCall call = desk.call({});
    call.argv.resize(words.front().starts_with("-") || words.front() == "snyc" ? 1 : 3);
    call.argv.insert(call.argv.end(), words.begin(), words.end());
    const ProgramResult result = run_program(call);
    INFO(words.front() << " " << words.back() << ": " << result.err);
    CHECK(result.exit_code == 2);
    CHECK(holds(result.err, part));
    CHECK(result.out.empty());
  }
}

TEST_CASE("list: filters choose by time, number and state") {
  Desk desk(5);
  const std::string old = desk.add_license(Desk::image_id(0), desk.sim.now() - std::chrono::hours(24 * 40));
  desk.sync();

  CHECK(desk.list({"licenses"}).size() == 6);
  CHECK(desk.list({"licenses", "--since", "5d"}).size() == 5);
  CHECK(desk.list({"licenses", "--until", "5d"}).size() == 1);
  CHECK(text(desk.list({"licenses", "--until", "5d"}).front(), "license_id") == old);
  CHECK(desk.list({"licenses", "--limit", "2"}).size() == 2);
  CHECK(desk.list({"files", "--state", "mirrored"}).size() == 6);
  CHECK(desk.list({"files", "--state", "failed"}).empty());
  CHECK(desk.list({"assets", "--account", "newsroom", "--provider", "shutterstock"}).size() == 5);
  CHECK(desk.list({"runs"}).size() == 1);
  CHECK(desk.list({"changes", "--since", "1h"}).size() == desk.list({"changes"}).size());
}

TEST_CASE("list: a name or a state that nothing can have is refused, with those there are") {
  Desk desk(1);
  const auto refuses = [&](const Words& words, std::string_view named) {
    const ProgramResult result = desk.damsync(words);
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK(holds(result.err, named));
  };
  refuses({"list", "assets", "--account", "nosuch"}, "there is newsroom");
  desk.sync();
  refuses({"list", "assets", "--account", "nosuch"}, "there is newsroom");
  refuses({"list", "licenses", "--provider", "nosuch"}, "there is shutterstock");
  refuses({"list", "assets", "--state", "fine"}, "active, withdrawn, unknown");
  refuses({"list", "runs", "--state", "fine"}, "no state");
  refuses({"list", "files", "--since", ""}, "must not be empty");
}

TEST_CASE("sync: -q says nothing of what is in step, and everything of what is not") {
  Desk desk(1);
  desk.calls_comparable = false;
  CHECK(desk.damsync({"sync", "-q"}).out.empty());
  CHECK(!desk.damsync({"sync"}).out.empty());
  CHECK(holds(desk.damsync({"sync", "-q", "--dry-run"}).out, "Nothing to do."));
  CHECK(lines_of(desk.damsync({"sync", "-q", "--json"}).out).size() == 1);
  desk.sim.faults().always("GET /v2/images/licenses", fault::html_page());
  const ProgramResult failed = desk.damsync({"sync", "-q"});
  CHECK(failed.exit_code == 69);
  CHECK(holds(failed.out, "not finished"));
}

TEST_CASE("db: what the catalog has no use for is refused as wrong use, and says of which file") {
  Desk desk(1);
  desk.sync();
  const std::string backup = desk.dir / "backup.db", catalog = desk.catalog();
  CHECK(desk.damsync({"db", "backup", backup}).exit_code == 0);
  CHECK(desk.damsync({"db", "backup", backup}).exit_code == 2);
  CHECK(desk.damsync({"db", "restore", catalog}).exit_code == 2);
  const ProgramResult refused = desk.damsync({"db", "restore", desk.dir / "damsync.toml"});
  CHECK(refused.exit_code == 78);
  CHECK(holds(refused.err, "damsync.toml is no usable backup (is not an SQLite file); the catalog is unchanged"));
  CHECK(desk.damsync({"db", "restore", backup}).exit_code == 0);
}

TEST_CASE("list and show: the promised fields are there") {
  Desk desk(1);
  desk.sync();
  const std::vector<std::pair<std::string, std::vector<const char*>>> fields = {
      {"assets",
       {"provider", "account", "asset_id", "state", "media_type", "title", "editorial", "updated_at", "revision"}},
      {"licenses",
       {"provider", "account", "license_id", "asset_id", "license_type", "size", "format", "licensed_at", "licensed_by",
        "downloadable", "state"}},
      {"files",
       {"provider", "account", "asset_id", "license_id", "size", "format", "state", "reason", "path", "bytes", "sha256",
        "mirrored_at", "verified_at"}},
      {"changes", {"seq", "id", "time", "type", "provider", "account", "asset_id", "license_id", "revision", "fields"}},
      {"runs", {"run_id", "started_at", "finished_at", "ok", "dry_run", "accounts"}}};
  for (const auto& [what, names] : fields) {
    const auto rows = desk.list({what});
    REQUIRE_MESSAGE(!rows.empty(), what);
    for (const char* name : names) CHECK_MESSAGE(rows.front().find(name) != nullptr, what << " " << name);
  }
  const Json shown = desk.show(Desk::image_id(0));
  for (const char* name : {"asset", "licenses", "files", "changes", "raw"})
    CHECK_MESSAGE(shown.find(name) != nullptr, name);
  const ProgramResult unknown = desk.damsync({"show", "shutterstock:99"});
  CHECK(unknown.exit_code == 1);
  CHECK(holds(unknown.err, "99"));
}

TEST_CASE("status: healthy is 0, a failing provider and a state never synced are 3") {
  Desk desk(1);
  CHECK(desk.damsync({"status", "--check"}).exit_code == 3);
  desk.sync();
  CHECK(desk.damsync({"status", "--check"}).exit_code == 0);
  const Json status = lines_of(desk.damsync({"status", "--json"}).out).at(0);
  for (const char* name : {"version", "accounts", "store", "coverage", "next", "healthy"})
    CHECK_MESSAGE(status.find(name) != nullptr, name);
  CHECK(flag(status, "healthy"));
  CHECK(number(member(status, "store"), "files") == 1);
  desk.sim.faults().always("GET /v2/images/licenses", fault::html_page());
  desk.sync(69);
  CHECK(desk.damsync({"status", "--check"}).exit_code == 3);
  CHECK_FALSE(flag(lines_of(desk.damsync({"status", "--json"}).out).at(0), "healthy"));
}

}  // namespace damsync
