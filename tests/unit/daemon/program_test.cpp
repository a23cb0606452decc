#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "daemon/application.h"
#include "daemon/cli/status_report.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/journal/change_journal.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/transaction.h"
#include "sync/http/json_reader.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/daemon/settings_bench.h"

namespace damsync {
namespace {

struct Outcome {
  int code = -1;
  std::string out, err;

  /// The lines of standard output, each an object.
  [[nodiscard]] std::vector<Json> objects() const {
    std::vector<Json> list;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) list.push_back(parse_json(line).value());
    return list;
  }
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string keys_of(const Json& object) {
  std::string out;
  for (const auto& [name, value] : *object.if_object()) out += name + " ";
  return out;
}

/// A settings file, and the program run in a process of its own.
struct Program {
  SettingsBench bench;
  std::string config;

  Program() {
    const std::string at = bench.dir.path().string();
    config = bench.write("damsync.toml", "[store]\nroot = \"" + at + "/store\"\n[catalog]\npath = \"" + at +
                                             "/catalog.db\"\n[audit]\ndirectory = \"" + at + "/reports\"\n" +
                                             "[schedule]\npoll_interval = \"1h\"\n" + kMinimal);
  }

  [[nodiscard]] Outcome run(
      std::vector<std::string> words, const std::function<void()>& prepare = [] {}) const {
    const std::string out = bench.dir / "stdout", err = bench.dir / "stderr";
    words.insert(words.begin(), "damsync");
    std::vector<const char*> argv;
    for (const auto& word : words) argv.push_back(word.c_str());
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
      ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
      prepare();
      ::_exit(run_application(static_cast<int>(argv.size()), argv.data()));
    }
    int state = 0;
    ::waitpid(pid, &state, 0);
    return {WIFEXITED(state) ? WEXITSTATUS(state) : -1, read(out), read(err)};
  }
  /// With the settings of this bench.
  [[nodiscard]] Outcome with_config(std::vector<std::string> words) const {
    words.insert(words.end(), {"-c", config});
    return run(std::move(words));
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  /// One asset with two licenses: one mirrored, one blocked; one run; both streams polled at `polled`.
  void fill(UtcTime polled, const std::string& last_error = "") const {
    const auto db = Database::open(bench.dir / "catalog.db", OpenMode::kWrite).value();
    CatalogWriter writer(*db);
    FakeClock clock(polled);
    ChangeJournal journal(*db, clock);
    Transaction transaction(*db);
    writer.ensure_account("newsroom", "shutterstock", polled);
    License license;
    license.license_id = "e123";
    license.asset_id = "118139110";
    license.license_type = "enhanced";
    license.size = "huge";
    license.format = "jpg";
    license.licensed_at = polled;
    license.licensed_by = "anna";
    license.downloadable = true;
    license.raw = "{}";
    writer.upsert_license("newsroom", license, "", polled);
    license.license_id = "e124";
    license.downloadable = false;
    license.size = "small";
    writer.upsert_license("newsroom", license, "", polled);
    AssetRow asset;
    asset.metadata = R"({"title":"Two\u001b[31m cats"})";
    asset.title = "Two\x1b[31m cats";
    asset.raw = R"({"id":"118139110","n":18446744073709551616})";
    asset.media_type = "image";
    writer.put_description("newsroom", "118139110", asset, polled);
    FileRow file{"newsroom",
                 "shutterstock",
                 "118139110",
                 "e123",
                 "huge",
                 "jpg",
                 FileState::kMirrored,
                 "",
                 "newsroom/10/118139110/shutterstock_118139110-huge.jpg",
                 5000,
                 std::string(64, 'a'),
                 polled,
                 std::nullopt};
    writer.put_file(file);
    Change change;
    change.type = EventType::kAssetStored;
    change.provider = "shutterstock";
    change.account = "newsroom";
    change.asset_id = "118139110";
    change.license_id = "e123";
    change.fields = {"title"};
    journal.append(change);
    for (const char* stream : {"licenses", "updates"})
      writer.put_stream({"newsroom", stream, "cursor-1", polled, polled, last_error});
    writer.add_coverage({"newsroom", "updates", polled - std::chrono::hours(24), polled});
    RunSummary run;
    run.run_id = "01HZZZZZZZZZZZZZZZZZZZZZZZ";
    run.started_at = polled;
    run.finished_at = polled + std::chrono::seconds(5);
    run.ok = true;
    run.accounts.push_back({});
    run.accounts[0].name = "newsroom";
    run.accounts[0].provider = "shutterstock";
    writer.put_run(run);
    transaction.commit();
  }
};

UtcTime now() { return SystemClock().utc(); }

}  // namespace

TEST_CASE_FIXTURE(Program,
                  "list: an object a line with the documented fields, ids as text, null where nothing is known") {
  fill(now());
  const auto assets = with_config({"list", "assets", "--json"});
  REQUIRE(assets.code == 0);
  REQUIRE(assets.objects().size() == 1);
  const Json asset = assets.objects()[0];
  CHECK(holds(keys_of(asset), "provider account asset_id state media_type title editorial updated_at revision "));
  CHECK(*asset.find("asset_id") == Json("118139110"));
  CHECK(*asset.find("state") == Json("active"));
  CHECK(asset.find("editorial")->is_null());
  CHECK(asset.find("updated_at")->if_string()->back() == 'Z');

  const auto licenses = with_config({"list", "licenses", "--json"}).objects();
  REQUIRE(licenses.size() == 2);
  CHECK(holds(
      keys_of(licenses[0]),
      "provider account license_id asset_id license_type size format licensed_at licensed_by downloadable state "));
  CHECK(*licenses[0].find("license_id") == Json("e123"));
  CHECK(*licenses[1].find("downloadable") == Json(false));

  const auto files = with_config({"list", "files", "--json"}).objects();
  REQUIRE(files.size() == 2);
  CHECK(keys_of(files[0]) ==
        "provider account asset_id license_id size format state reason path bytes sha256 mirrored_at verified_at ");
  CHECK(*files[0].find("state") == Json("mirrored"));
  CHECK(*files[0].find("bytes") == Json(5000));
  CHECK(files[0].find("reason")->is_null());
  CHECK(*files[1].find("state") == Json("blocked"));
  CHECK(files[1].find("path")->is_null());

  const auto changes = with_config({"list", "changes", "--json"}).objects();
  REQUIRE(!changes.empty());
  CHECK(keys_of(changes[0]) == "seq id time type provider account asset_id license_id revision fields ");
  CHECK(*changes.back().find("type") == Json("asset.stored"));

  const auto runs = with_config({"list", "runs", "--json"}).objects();
  REQUIRE(runs.size() == 1);
  CHECK(holds(keys_of(runs[0]), "run_id started_at finished_at ok dry_run accounts "));
  const Json account = runs[0].find("accounts")->if_array()->at(0);
  for (const char* key :
       {"name", "provider", "ok", "error", "licenses_seen", "licenses_new", "licenses_vanished", "assets_updated",
        "assets_withdrawn", "files_mirrored", "files_failed", "files_blocked", "bytes", "calls_free", "calls_spending"})
    CHECK(account.find(key) != nullptr);
}

TEST_CASE_FIXTURE(Program, "list: filters by state, account, time and number") {
  fill(now());
  const auto count = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"list"});
    words.push_back("--json");
    const Outcome outcome = with_config(std::move(words));
    CHECK(outcome.code == 0);
    return outcome.objects().size();
  };
  CHECK(count({"files", "--state", "blocked"}) == 1);
  CHECK(count({"files", "--limit", "1"}) == 1);
  CHECK(count({"files", "--limit", "0"}) == 0);
  CHECK(count({"licenses", "--account", "newsroom"}) == 2);
  CHECK(count({"licenses", "--account", "nobody"}) == 0);
  CHECK(count({"licenses", "--provider", "getty"}) == 0);
  CHECK(count({"licenses", "--since", "1h"}) == 2);
  CHECK(count({"licenses", "--until", "1h"}) == 0);
  CHECK(with_config({"list", "files", "--state", "held"}).code == 2);
  CHECK(with_config({"list", "files", "--since", "soon"}).code == 2);
}

TEST_CASE_FIXTURE(Program, "list: for people, in columns and without control characters from outside") {
  fill(now());
  const Outcome outcome = with_config({"list", "assets"});
  CHECK(holds(outcome.out, "PROVIDER"));
  CHECK(holds(outcome.out, "Two\\x1b[31m cats"));
  CHECK(!holds(outcome.out, "\x1b"));
}

TEST_CASE_FIXTURE(Program, "list: without a catalog, the list is empty") {
  const Outcome outcome = with_config({"list", "files", "--json"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out.empty());
  CHECK(!std::filesystem::exists(bench.dir / "catalog.db"));
}

TEST_CASE_FIXTURE(Program, "show: everything about one asset, numbers of any size kept") {
  fill(now());
  const Outcome outcome = with_config({"show", "shutterstock:118139110", "--json"});
  REQUIRE(outcome.code == 0);
  const Json answer = outcome.objects().at(0);
  CHECK(*answer.find("asset")->find("asset_id") == Json("118139110"));
  CHECK(answer.find("licenses")->if_array()->size() == 2);
  CHECK(answer.find("files")->if_array()->size() == 2);
  CHECK(!answer.find("changes")->if_array()->empty());
  CHECK(answer.find("raw")->find("n")->if_number()->text == "18446744073709551616");
  CHECK(
      holds(with_config({"show", "shutterstock:118139110"}).out, "shutterstock:118139110 in account newsroom, active"));
}

TEST_CASE_FIXTURE(Program, "show: an unknown asset is exit code 1, a malformed name 2") {
  fill(now());
  const Outcome unknown = with_config({"show", "shutterstock:1"});
  CHECK(unknown.code == 1);
  CHECK(holds(unknown.err, "no account holds shutterstock:1"));
  for (const char* name : {"shutterstock", ":1", "shutterstock:", "shutterstock:../x", "a b:1"})
    CHECK(with_config({"show", name}).code == 2);
}

TEST_CASE_FIXTURE(Program, "status: the documented fields, and healthy while every stream is fresh") {
  fill(now() - std::chrono::minutes(10));
  const Outcome outcome = with_config({"status", "--check", "--json"});
  const Json answer = outcome.objects().at(0);
  CAPTURE(outcome.out);
  CHECK(outcome.code == 0);
  CHECK(holds(keys_of(answer), "version accounts store coverage next healthy "));
  CHECK(*answer.find("healthy") == Json(true));
  const Json account = answer.find("accounts")->if_array()->at(0);
  CHECK(holds(keys_of(account), "name provider streams quarantined last_error "));
  const Json stream = account.find("streams")->if_array()->at(0);
  CHECK(holds(keys_of(stream), "name cursor last_ok_at lag_s backlog "));
  CHECK(*stream.find("lag_s")->as_int64() >= 600);
  CHECK(keys_of(*answer.find("store")) == "files bytes free_bytes oldest_verified_at ");
  CHECK(*answer.find("store")->find("files") == Json(1));
  CHECK(keys_of(answer.find("coverage")->if_array()->at(0)) == "account stream from to ");
}

TEST_CASE_FIXTURE(Program, "status: --check is 3 after three poll intervals without success") {
  fill(now() - std::chrono::hours(3) - std::chrono::minutes(1));
  CHECK(with_config({"status", "--check"}).code == 3);
  CHECK(with_config({"status"}).code == 0);
}

TEST_CASE_FIXTURE(Program, "status: --check is 3 after an error and when nothing was ever polled") {
  CHECK(with_config({"status", "--check"}).code == 3);
  fill(now(), "the provider refused the token");
  const Outcome outcome = with_config({"status", "--check"});
  CHECK(outcome.code == 3);
  CHECK(holds(outcome.out, "the provider refused the token"));
}

TEST_CASE("status: lateness begins at three poll intervals, one minute at least") {
  CHECK(late_after(std::chrono::seconds(1)) == std::chrono::minutes(1));
  CHECK(late_after(std::chrono::minutes(15)) == std::chrono::minutes(45));
}

TEST_CASE_FIXTURE(Program, "db: a backup is whole, never overwrites, and restores") {
  fill(now());
  const std::string copy = bench.dir / "copy.db";
  CHECK(with_config({"db", "check"}).code == 0);
  REQUIRE(with_config({"db", "backup", copy}).code == 0);
  CHECK(with_config({"db", "backup", copy}).code == 74);
  bench.write("catalog.db", "not a catalog at all, but long enough to look at");
  CHECK(with_config({"list", "files"}).code == 78);
  const Outcome restored = with_config({"db", "restore", copy, "--json"});
  CAPTURE(restored.err);
  REQUIRE(restored.code == 0);
  CHECK(with_config({"list", "files", "--json"}).objects().size() == 2);
  const Json answer = restored.objects().at(0);
  CHECK(holds(read(*answer.find("set_aside")->if_string()), "not a catalog"));
  CHECK(with_config({"db", "restore", config}).code == 78);
  CHECK(with_config({"db", "backup"}).code == 2);
}

TEST_CASE_FIXTURE(Program, "config init: writes once, closed to others, and says what is next") {
  const std::string file = bench.dir / "new.toml";
  const Outcome written = run({"config", "init", file});
  CHECK(written.code == 0);
  CHECK(holds(written.out, "config check"));
  const auto mode = std::filesystem::status(file).permissions();
  CHECK((mode & std::filesystem::perms::others_all) == std::filesystem::perms::none);
  CHECK(run({"config", "check", "-c", file}).code == 0);
  CHECK(run({"config", "init", file}).code == 2);
}

TEST_CASE_FIXTURE(Program, "C1 config check: every mistake at once, exit code 78") {
  const std::string bad = bench.write("bad.toml", "[store]\nmin_fre = 1\njournal = 2\n");
  const Outcome text = run({"config", "check", "-c", bad});
  CHECK(text.code == 78);
  CHECK(holds(text.err, "bad.toml:2: store.min_fre"));
  CHECK(holds(text.err, "bad.toml:3: store.journal"));
  const Outcome json = run({"config", "check", "--json", "-c", bad});
  CHECK(json.code == 78);
  CHECK(json.objects().at(0).find("mistakes")->if_array()->size() == 3);
  CHECK(run({"status", "-c", bench.dir / "absent.toml"}).code == 78);
}

TEST_CASE_FIXTURE(Program, "C4 program: a usage error is exit code 2 with a hint on standard error") {
  const Outcome outcome = run({"lst"});
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK(holds(outcome.err, "nearest: list"));
  CHECK(holds(outcome.err, "damsync --help"));
  CHECK(with_config({"sync", "--account", "nobody"}).code == 2);
}

TEST_CASE_FIXTURE(Program, "C5 program: lost output is exit code 74, and closed descriptors are never reused") {
  CHECK(run({"--help"}, [] { ::dup2(::open("/dev/full", O_WRONLY), 1); }).code == 74);
  CHECK(run({"--help"}, [] { ::close(1); }).code == 74);
  CHECK(run({"--help"}, [] { ::close(0); }).code == 0);
  CHECK(run({"--help"}, [] { ::close(2); }).code == 0);
  CHECK(run({"--help"}, [] {
          int ends[2];
          if (::pipe(ends) != 0) ::_exit(99);
          ::dup2(ends[1], 1);
          ::close(ends[0]);
          ::close(ends[1]);
        }).code == 74);
  fill(now());
  const std::string before = read(bench.dir / "catalog.db");
  CHECK(run({"list", "assets", "-c", config}, [] { ::close(0), ::close(1), ::close(2); }).code == 74);
  CHECK(read(bench.dir / "catalog.db") == before);
}

TEST_CASE_FIXTURE(Program, "S2 program: no option takes a secret, and reading commands resolve none") {
  CHECK(run({"--access-token", "x", "status"}).code == 2);
  CHECK(with_config({"status"}).code == 0);
}

}  // namespace damsync
