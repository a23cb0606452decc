#include "daemon/http/endpoints.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "daemon/cli/asset_view.h"
#include "daemon/cli/json_fields.h"
#include "daemon/cli/status_text.h"
#include "daemon/jobs/audit_input.h"
#include "storage/base/text.h"
#include "storage/base/ulid.h"
#include "storage/journal/feed_reader.h"
#include "storage/journal/outbox.h"
#include "tests/unit/daemon/http/endpoints_bench.h"

namespace damsync {
namespace {

using namespace std::chrono_literals;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("http /healthz: says ok while every worker moves, and names the one that does not") {
  EndpointsBench bench;
  bench.vitals.moved("sync newsroom", "reading", 60s);
  CHECK(bench.ask("/healthz").status == 200);
  CHECK(bench.ask("/healthz").body == "ok\n");
  bench.clock.advance(61s);
  CHECK(bench.ask("/healthz").status == 503);
  CHECK(bench.ask("/healthz").body == "worker sync newsroom does not move\n");
  bench.vitals.resting("sync newsroom", "waiting");
  CHECK(bench.ask("/healthz").status == 200);
}

TEST_CASE("http /healthz: needs no catalog") {
  EndpointsBench bench;
  WebRequest request;
  request.path = "/healthz";
  std::filesystem::remove(bench.world.catalog_path());
  CHECK(bench.endpoints.answer_at_once(request)->status == 200);
}

TEST_CASE("http /readyz: is ready when the catalog is open, the store is there and no last cycle has failed") {
  EndpointsBench bench;
  bench.fill();
  CHECK(bench.ask("/readyz").status == 200);
  CHECK(bench.ask("/readyz").body == "ready\n");
}

TEST_CASE("http /readyz: says each reason why not, and is ready again when they are gone") {
  EndpointsBench bench;
  bench.fill();
  AccountSummary failed;
  failed.name = "newsroom";
  failed.error = make_error(ErrorCode::kUnavailable, "no answer\nfrom there");

  bench.vitals.cycle_finished(failed);
  CHECK(bench.ask("/readyz").body == "account newsroom: the last cycle failed: no answer\\x0afrom there\n");

  const auto store = bench.settings->store.root;
  std::filesystem::rename(store / ".damsync" / "sentinel", store / "aside");
  bench.clock.advance(2s);
  CHECK(bench.ask("/readyz").status == 503);
  CHECK(holds(bench.ask("/readyz").body, "store: the store's sentinel cannot be read; is its disk mounted?\n"));
  std::filesystem::rename(store / "aside", store / ".damsync" / "sentinel");

  bench.cycle();
  bench.clock.advance(2s);
  CHECK(bench.ask("/readyz").status == 200);

  bench.vitals.stopping();
  CHECK(bench.ask("/readyz").body == "stopping\n");
}

TEST_CASE("http /readyz: is not ready while the daemon starts, nor while there is no catalog") {
  EndpointsBench bench;
  Vitals starting(bench.clock);
  Endpoints endpoints({[&] { return bench.settings; }, bench.world.dir / "nowhere.db", starting, bench.clock, bench.log,
                       [] { return WebServer::Counts(); }});
  WebRequest request;
  request.path = "/readyz";
  const auto answer = endpoints.answer(request, Millis(0)).answer;
  CHECK(answer->status == 503);
  CHECK(answer->body == "starting\ncatalog: there is no catalog yet; the first cycle makes it\n");
}

TEST_CASE("http /readyz: a store of another catalog is not ours") {
  EndpointsBench bench;
  Transaction tx(bench.world.db());
  CatalogWriter(bench.world.db()).put_setting("store_id", "other");
  tx.commit();
  CHECK(holds(bench.ask("/readyz").body, "store: the store belongs to another catalog\n"));
}

TEST_CASE(
    "http /api/v1/status: is the object of `status --json`, with the next jobs and what the daemon says of itself") {
  EndpointsBench bench;
  bench.fill();
  bench.vitals.set_next({{"audit", bench.clock.utc() + 1h}});
  bench.vitals.moved("sync newsroom", "reading");
  const Json status = bench.json("/api/v1/status");
  CHECK(bench.ask("/api/v1/status").content_type == "application/json");
  CHECK(*status.find("healthy")->if_bool());
  CHECK(write_json(*status.find("next")) == R"([{"job":"audit","at":"2026-03-15T01:00:00Z"}])");
  CHECK(status.find("daemon")->find("workers")->if_array()->size() == 1);
  CHECK(status.find("store")->find("files")->as_int64() == 3);

  StatusReport direct = read_status(*bench.settings, &bench.world.db(), bench.clock.utc());
  add_daemon(direct, bench.vitals.view());
  const auto without_store = [](Json json) { return write_json(json.set("store", Json())); };  // free space changes
  CHECK(without_store(json_of(direct)) == without_store(status));
}

TEST_CASE("http /api/v1/status: a worker that hangs and settings that were refused are problems") {
  EndpointsBench bench;
  bench.fill();
  bench.vitals.moved("audit", "writing", 10s);
  bench.vitals.settings_refused("damsync.toml:3: unknown key");
  bench.clock.advance(20s);
  const Json status = bench.json("/api/v1/status");
  CHECK_FALSE(*status.find("healthy")->if_bool());
  const std::string problems = write_json(*status.find("problems"));
  CHECK(holds(problems, "the daemon's worker audit has not moved for 20s while writing"));
  CHECK(holds(problems, "the daemon keeps its old settings: damsync.toml:3: unknown key"));
}

TEST_CASE("status: a new account has as long for its first success as any other") {
  EndpointsBench bench;
  bench.settings->schedule.poll_interval = 10min;
  const auto status = [&](Polling polling = Polling::kByNobody) {
    return read_status(*bench.settings, &bench.world.db(), bench.clock.utc(), polling);
  };
  bench.clock.advance(30min);
  CHECK(status().healthy());
  CHECK(holds(status_text(status(), bench.clock.utc(), Colours::kOff), "newsroom (scripted)  first poll under way\n"));
  bench.clock.advance(1s);
  REQUIRE(status().problems.size() == 1);
  CHECK(status().problems[0] == "STALE_PROVIDER account newsroom: never polled");

  bench.settings->accounts[0].provider.account = "archive";  // which no cycle was about
  CHECK(status().problems[0] == "STALE_PROVIDER account archive: never polled");
  CHECK(status(Polling::kByDaemon).healthy());
  CHECK(holds(status_text(status(Polling::kByDaemon), bench.clock.utc(), Colours::kOff), "  not polled yet\n"));
  CHECK(holds(bench.ask("/metrics").body, "damsync_account_stale{account=\"archive\"} 0\n"));
}

TEST_CASE("status: a cycle that left no trace in the catalog is the account's last error all the same") {
  EndpointsBench bench;
  bench.fill();
  AccountSummary failed;
  failed.name = "newsroom";
  failed.error = make_error(ErrorCode::kStorage, "the catalog's disk is full");
  bench.vitals.cycle_finished(failed);
  const Json status = bench.json("/api/v1/status");
  CHECK_FALSE(*status.find("healthy")->if_bool());
  CHECK(write_json(*status.find("problems")) == R"(["account newsroom: the catalog's disk is full"])");
  CHECK(*status.find("accounts")->if_array()->front().find("last_error")->if_string() == "the catalog's disk is full");
  CHECK(holds(bench.ask("/metrics").body, "damsync_healthy 0\n"));
  bench.cycle();
  CHECK(holds(bench.ask("/metrics").body, "damsync_healthy 1\n"));
}

TEST_CASE("status: a store that is not mounted is a problem once the catalog knows it") {
  EndpointsBench bench;
  bench.fill();
  const auto status = [&] { return read_status(*bench.settings, &bench.world.db(), bench.clock.utc()); };
  const std::filesystem::path root = bench.settings->store.root, away = root.string() + "-away";
  for (const auto& gone : {root / ".damsync" / "sentinel", root}) {
    INFO(gone.string());
    CHECK(status().healthy());
    std::filesystem::rename(gone, away);
    REQUIRE(status().problems.size() == 1);
    CHECK(holds(status().problems[0], "the store's sentinel cannot be read; is its disk mounted?"));
    std::filesystem::rename(away, gone);
  }
  bench.settings->store.root = bench.world.dir / "elsewhere";
  Transaction tx(bench.world.db());
  CatalogWriter(bench.world.db()).put_setting("store_id", "");
  tx.commit();
  CHECK(status().healthy());
}

TEST_CASE("status: an account without a success for three poll intervals is stale") {
  EndpointsBench bench;
  bench.fill();
  bench.settings->schedule.poll_interval = 10min;
  bench.clock.advance(30min);
  auto report = read_status(*bench.settings, &bench.world.db(), bench.clock.utc());
  CHECK(report.healthy());
  CHECK_FALSE(report.accounts[0].stale);

  bench.clock.advance(1s);
  report = read_status(*bench.settings, &bench.world.db(), bench.clock.utc());
  CHECK(report.accounts[0].stale);
  REQUIRE_FALSE(report.healthy());
  CHECK(report.problems[0].starts_with("STALE_PROVIDER account newsroom: stream licenses is 30m"));

  bench.settings->schedule.poll_interval = 1s;  // one minute at least
  bench.world.cycle();
  bench.clock.advance(60s);
  CHECK(read_status(*bench.settings, &bench.world.db(), bench.clock.utc()).healthy());
  bench.clock.advance(1s);
  CHECK(read_status(*bench.settings, &bench.world.db(), bench.clock.utc()).accounts[0].stale);
}

TEST_CASE("status: quiet hours make no account stale, neither in the metrics nor in the report of the night") {
  EndpointsBench bench;
  bench.fill();
  auto& schedule = bench.settings->schedule;
  const UtcTime fresh = bench.clock.utc();
  const auto local = schedule.zone.local(fresh).time;
  const auto text = [](std::chrono::minutes time) {
    time = (time + 24h) % (24h);
    return fmt::format("{:02}:{:02}", time / 1h, (time % 1h).count());
  };
  schedule.quiet_hours = {"daily " + text(local) + "-" + text(local + 8h)};
  const auto stale_in_report = [&] {
    const auto prepared = prepare_audit(*bench.settings, {{}, bench.clock.utc(), {}, {}});
    return bench.clock.utc() - fresh > prepared.input.rules.stale_after;
  };
  bench.clock.advance(8h + 43min);
  CHECK(read_status(*bench.settings, &bench.world.db(), bench.clock.utc()).healthy());
  CHECK(holds(bench.ask("/metrics").body, "damsync_account_stale{account=\"newsroom\"} 0\n"));
  CHECK_FALSE(stale_in_report());
  bench.clock.advance(3min);
  CHECK(read_status(*bench.settings, &bench.world.db(), bench.clock.utc()).accounts[0].stale);
  CHECK(holds(bench.ask("/metrics").body, "damsync_account_stale{account=\"newsroom\"} 1\n"));
  CHECK(stale_in_report());
}

TEST_CASE("status: a run that was stopped is no failure, and hides none") {
  EndpointsBench bench;
  bench.fill();
  const auto run_ended = [&](std::optional<Error> error) {
    RunSummary run;
    bench.clock.advance(1s);
    run.run_id = make_ulid(bench.clock.utc());
    run.started_at = run.finished_at = bench.clock.utc();
    run.accounts.emplace_back();
    run.accounts.back().name = "newsroom";
    run.accounts.back().error = std::move(error);
    Transaction tx(bench.world.db());
    CatalogWriter(bench.world.db()).put_run(run);
    tx.commit();
  };
  const auto last_error = [&] {
    return read_status(*bench.settings, &bench.world.db(), bench.clock.utc()).accounts[0].last_error;
  };
  run_ended({});
  run_ended(make_error(ErrorCode::kCancelled, "stopped"));
  CHECK(last_error().empty());
  run_ended(make_error(ErrorCode::kUnavailable, "no answer"));
  run_ended(make_error(ErrorCode::kCancelled, "stopped"));
  CHECK(last_error() == "no answer");
}

TEST_CASE("W3 status: what a receiver waits for is told, and what was given up is a problem") {
  EndpointsBench bench;
  bench.settings->webhooks.emplace_back();
  bench.settings->webhooks.back().name = "cms";
  Outbox outbox(bench.world.db());
  outbox.ensure({"cms", "gone"});
  bench.fill();
  auto report = read_status(*bench.settings, &bench.world.db(), bench.clock.utc());
  REQUIRE(report.receivers.size() == 1);
  CHECK(report.receivers[0].waiting == FeedReader(bench.world.db()).head());
  CHECK(report.healthy());

  DeliveryRound refused;
  refused.receiver = outbox.find_receiver("cms").value();
  refused.rows = {{"cms", outbox.changes_after(1, 1).at(0), DeliveryState::kWaiting, 3, {}, {}, "answered 422"}};
  outbox.record(refused);
  report = read_status(*bench.settings, &bench.world.db(), bench.clock.utc());
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0] == "receiver cms: 1 deliveries failed again and again, see `damsync deliveries list`");
  refused.settled = {refused.rows[0].change.seq};
  refused.rows.clear();
  outbox.record(refused);

  DeliveryRound round;
  round.receiver = outbox.find_receiver("cms").value();
  DeliveryRow dead;
  dead.receiver = "cms";
  dead.change = outbox.changes_after(0, 1).at(0);
  dead.state = DeliveryState::kDead;
  dead.queued_at = dead.next_at = bench.clock.utc();
  dead.attempts = 9;
  dead.reason = "no answer";
  round.rows = {dead};
  round.receiver.position = dead.change.seq;
  round.receiver.disabled_at = bench.clock.utc();
  outbox.record(round);
  report = read_status(*bench.settings, &bench.world.db(), bench.clock.utc());
  CHECK(report.receivers.at(0).dead == 1);
  REQUIRE(report.problems.size() == 2);
  CHECK(report.problems[0] == "receiver cms: 1 deliveries were given up, see `damsync deliveries list`");
  CHECK(report.problems[1].starts_with("receiver cms: it asked to be told nothing any more"));
  CHECK(holds(bench.ask("/metrics").body, "damsync_deliveries{receiver=\"cms\",state=\"dead\"} 1\n"));
}

TEST_CASE("http /api/v1/assets: lists the objects of `list assets --json` in pages that lose and repeat nothing") {
  EndpointsBench bench;
  bench.fill();
  std::vector<std::string> seen;
  std::string after;
  for (int pages = 0; pages < 10; ++pages) {
    const Json page = bench.json("/api/v1/assets?limit=2" + (after.empty() ? "" : "&after=" + percent_encode(after)));
    CHECK(page.find("assets")->if_array()->size() <= 2);
    for (const Json& asset : *page.find("assets")->if_array()) seen.push_back(write_json(asset));
    CHECK(*page.find("more")->if_bool() == page.find("next")->is_string());
    if (!*page.find("more")->if_bool()) break;
    after = *page.find("next")->if_string();
  }
  std::vector<std::string> expected;
  bench.world.catalog().list_assets(
      {}, [&](const AssetRow& row) { return expected.push_back(write_json(json_of(row))), true; });
  CHECK(seen.size() == 3);
  CHECK(seen == expected);
}

TEST_CASE("http /api/v1/assets: takes account, provider and state, and refuses what it does not know") {
  EndpointsBench bench;
  bench.fill();
  const auto count = [&](const std::string& query) {
    return bench.json("/api/v1/assets?" + query).find("assets")->if_array()->size();
  };
  CHECK(count("account=newsroom&state=active&provider=scripted") == 3);
  CHECK(count("account=newsroom&after=newsroom:102") == 1);
  CHECK(bench.ask("/api/v1/assets?account=nosuch").status == 400);
  CHECK(holds(bench.ask("/api/v1/assets?account=nosuch").body, "there is newsroom"));
  CHECK(holds(bench.ask("/api/v1/assets?provider=nosuch").body, "there is scripted"));
  CHECK(count("state=withdrawn") == 0);
  for (const char* query :
       {"state=gone", "limit=0", "limit=501", "limit=x", "limit=1e2", "limit=-1", "limit=99999999999999999999",
        "after=nonsense", "after=a:b/c", "after=other:1&account=newsroom", "colour=red", "limit=1&limit=2", "limit=%zz",
        "account=%00"}) {
    CAPTURE(query);
    const auto answer = bench.ask(std::string("/api/v1/assets?") + query);
    CHECK(answer.status == 400);
    CHECK(answer.content_type == "application/problem+json");
  }
}

TEST_CASE("http /api/v1/assets/PROVIDER:ID: is the object of `show --json`") {
  EndpointsBench bench;
  bench.fill();
  const Json shown = json_of(read_held(bench.world.db(), {"scripted", "102"}));
  CHECK(bench.ask("/api/v1/assets/scripted:102").body == write_json(shown) + "\n");
  CHECK(bench.ask("/api/v1/assets/scripted%3A102").status == 200);
  CHECK(bench.ask("/api/v1/assets/scripted:999").status == 404);
}

TEST_CASE("L5 http: nothing but the known addresses is there, whatever is tried") {
  EndpointsBench bench;
  bench.fill();
  for (const char* path :
       {"/../../etc/passwd%00", "//", "/%2e", "/%2e%2e/%2e%2e/etc/passwd", "/healthz/", "/healthz%00", "//healthz",
        "/api/v1/assets/", "/api/v1/assets/..", "/api/v1/assets/../status", "/api/v1/assets/scripted:..%2f..%2fx",
        "/api/v1/assets/scripted:101%00", "/api/v1/assets/scripted:101/", "/api/v1/assets/%zz", "/api/v2/status",
        "/metrics/x", "/favicon.ico"}) {
    CAPTURE(path);
    const auto answer = bench.ask(path);
    CHECK(answer.status == 404);
    CHECK(answer.content_type == "application/problem+json");
    CHECK_FALSE(holds(answer.body, "root:"));
  }
  CHECK(bench.ask("/").status == 200);
}

TEST_CASE("http /api/v1/changes: hands out the feed in pieces, each with the cursor behind it") {
  EndpointsBench bench;
  bench.fill();
  std::vector<std::string> seen;
  std::string cursor;
  for (int pages = 0; pages < 100; ++pages) {
    const Json page = bench.json("/api/v1/changes?limit=2&since=" + percent_encode(cursor));
    CHECK(page.find("changes")->if_array()->size() <= 2);
    for (const Json& change : *page.find("changes")->if_array()) seen.push_back(write_json(change));
    cursor = *page.find("next")->if_string();
    if (!*page.find("more")->if_bool()) break;
  }
  std::vector<std::string> expected;
  bench.world.catalog().list_changes(
      {}, 0, [&](const Change& change) { return expected.push_back(write_json(json_of(change))), true; });
  CHECK(seen.size() > 6);
  CHECK(seen == expected);

  const Json behind = bench.json("/api/v1/changes?since=" + percent_encode(cursor));
  CHECK(behind.find("changes")->if_array()->empty());
  CHECK(*behind.find("next")->if_string() == cursor);
  CHECK_FALSE(*behind.find("more")->if_bool());
}

TEST_CASE("http /api/v1/changes: a withdrawn asset is a change like any other") {
  EndpointsBench bench;
  bench.fill();
  const std::string cursor = *bench.json("/api/v1/changes?limit=1000").find("next")->if_string();
  bench.world.provider.assets.erase("102");
  bench.world.policy.full = true;
  bench.world.cycle();
  CHECK(holds(bench.ask("/api/v1/changes?since=" + percent_encode(cursor)).body, "\"type\":\"asset.withdrawn\""));
}

TEST_CASE("http /api/v1/changes: wait holds the request while there is nothing new, and no longer than asked") {
  EndpointsBench bench;
  bench.fill();
  const std::string cursor = *bench.json("/api/v1/changes?limit=1000").find("next")->if_string();
  const std::string target = "/api/v1/changes?wait=30&since=" + percent_encode(cursor);
  const auto first = bench.reply(target);
  CHECK_FALSE(first.answer);
  CHECK(first.hold == 30s);
  CHECK(bench.reply(target, 29s).hold == 1s);
  const auto last = bench.reply(target, 30s);
  REQUIRE(last.answer);
  CHECK(holds(last.answer->body, "\"changes\":[],"));
  CHECK(holds(last.answer->body, "\"next\":\"" + cursor + "\""));

  bench.world.provider.add("104", "e104");
  bench.world.cycle();
  REQUIRE(bench.reply(target).answer);
  CHECK(holds(bench.reply(target).answer->body, "\"104\""));
}

TEST_CASE("http /api/v1/changes: a cursor of another feed is gone, and what is no cursor is refused") {
  EndpointsBench bench;
  bench.fill();
  const auto gone = bench.ask("/api/v1/changes?since=c999999-01ARZ3NDEKTSV4RRFFQ69G5FAV");
  CHECK(gone.status == 410);
  CHECK(gone.content_type == "application/problem+json");
  CHECK(holds(gone.body, "read from the beginning"));
  for (const char* query :
       {"since=abc", "since=-1", "limit=0", "limit=1001", "wait=61", "wait=-1", "wait=x", "sicne=c"})
    CHECK_MESSAGE(bench.ask(std::string("/api/v1/changes?") + query).status == 400, query);
}

TEST_CASE("http: a catalog that cannot be read is a 503 that tells nothing of it") {
  EndpointsBench bench;
  bench.fill();
  Endpoints endpoints({[&] { return bench.settings; }, bench.world.dir.path(), bench.vitals, bench.clock, bench.log,
                       [] { return WebServer::Counts(); }});
  for (const char* path : {"/api/v1/status", "/api/v1/assets", "/api/v1/assets/scripted:101", "/api/v1/changes"}) {
    WebRequest request;
    request.path = path;
    CHECK_MESSAGE(endpoints.answer(request, Millis(0)).answer->status == 503, path);
  }
}

TEST_CASE("D2 http: whichever page of the catalog is damaged, the answer is whole or a 503 without details") {
  EndpointsBench bench;
  bench.fill();
  const std::filesystem::path whole = bench.world.dir / "whole.db", damaged = bench.world.dir / "damaged.db";
  bench.world.db().execute("VACUUM INTO '" + whole.string() + "'");
  constexpr std::uintmax_t kPage = 4096;
  int met_while_reading = 0;
  for (std::uintmax_t page = 1; page < std::filesystem::file_size(whole) / kPage; ++page) {
    std::filesystem::copy_file(whole, damaged, std::filesystem::copy_options::overwrite_existing);
    std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(page * kPage));
    file << std::string(kPage, '\x5a');
    file.close();
    Endpoints endpoints({[&] { return bench.settings; }, damaged, bench.vitals, bench.clock, bench.log,
                         [] { return WebServer::Counts(); }});
    for (const char* path : {"/api/v1/status", "/api/v1/assets", "/api/v1/changes"}) {
      WebRequest request;
      request.path = path;
      const auto answer = endpoints.answer(request, Millis(0)).answer;
      CHECK((answer->status == 200 || answer->status == 503));
      if (holds(answer->body, "the catalog cannot be read now; the log says why")) ++met_while_reading;
    }
  }
  CHECK(met_while_reading > 0);
}

}  // namespace damsync
