#include "daemon/http/metrics.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/paths.h"
#include "tests/unit/daemon/http/endpoints_bench.h"

namespace damsync {
namespace {

using namespace std::chrono_literals;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string busy_metrics(EndpointsBench& bench) {
  bench.fill();
  bench.vitals.set_next({{"sync newsroom", bench.clock.utc() + 15min}, {"audit", bench.clock.utc() + 2h}});
  bench.vitals.moved("sync newsroom", "reading");
  bench.counts.answers[2] = 7;
  bench.counts.dropped = 1;
  return bench.ask("/metrics").body;
}

}  // namespace

TEST_CASE("http /metrics: says how accounts, store, schedule and process are") {
  EndpointsBench bench;
  const std::string text = busy_metrics(bench);
  CHECK(bench.ask("/metrics").content_type == "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line : {
           "damsync_up 1\n",
           "damsync_healthy 1\n",
           "damsync_account_last_success_timestamp_seconds{account=\"newsroom\"} 1773532800\n",
           "damsync_account_stale{account=\"newsroom\"} 0\n",
           "damsync_assets{account=\"newsroom\",state=\"active\"} 3\n",
           "damsync_licenses{account=\"newsroom\",state=\"held\"} 3\n",
           "damsync_files{account=\"newsroom\",state=\"mirrored\"} 3\n",
           "damsync_cycles_total{account=\"newsroom\",result=\"ok\"} 1\n",
           "damsync_cycles_total{account=\"newsroom\",result=\"failed\"} 0\n",
           "damsync_spends{account=\"newsroom\",state=\"parked\"} 0\n",
           "damsync_store_files 3\n",
           "damsync_next_job_timestamp_seconds{task=\"sync newsroom\"} 1773533700\n",
           "damsync_http_requests_total{code=\"2xx\"} 7\n",
           "damsync_http_dropped_connections_total 1\n",
           "damsync_night_failed{task=\"audit\"} 0\n",
           "damsync_settings_reload_failed 0\n",
       })
    CHECK_MESSAGE(holds(text, line), line << " is missing in\n" << text);
  CHECK(resident_bytes_of_process() > 1'000'000);
  CHECK(open_fds_of_process() >= 3);
}

TEST_CASE("L7 http /metrics: labels are words of ours and names of accounts, whatever a provider says") {
  EndpointsBench bench;
  auto& hostile = bench.world.provider.add("105", "e105");
  hostile.license_type = "evil\"}\n# HELP x\ndamsync_up 0";
  bench.world.provider.assets["105"].title = std::string(1'000'000, '"') + "\n\\";
  AccountSummary failed;
  failed.name = "newsroom";
  failed.error = make_error(ErrorCode::kProtocol, "said \"no\"\n{x=\"y\"} 1");
  const std::string text = busy_metrics(bench);
  bench.vitals.cycle_finished(failed);
  CHECK_FALSE(holds(text, "evil"));
  CHECK(text.size() < 20'000);
  const std::regex label("[a-z]+=\"([A-Za-z0-9 _.-]*)\"");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    CAPTURE(line);
    const auto open = line.find('{');
    if (open == std::string::npos) continue;
    std::string labels = line.substr(open + 1, line.rfind('}') - open - 1);
    labels = std::regex_replace(labels, label, "");
    CHECK(labels.find_first_not_of(',') == std::string::npos);
  }
}

TEST_CASE("http /metrics: are there without a catalog, and say that nothing is healthy") {
  EndpointsBench bench;
  Endpoints endpoints({[&] { return bench.settings; }, bench.world.dir / "nowhere.db", bench.vitals, bench.clock,
                       bench.log, [] { return WebServer::Counts(); }});
  WebRequest request;
  request.path = "/metrics";
  const auto answer = endpoints.answer(request, Millis(0)).answer;
  CHECK(answer->status == 200);
  CHECK(holds(answer->body, "damsync_healthy 0\n"));
}

TEST_CASE("http /metrics: promtool has nothing to say against them") {
  // `./dev setup` puts one beside the build, as its package would start a server.
  const auto own = std::filesystem::path(damsync_binary()).parent_path().parent_path() / "tools/usr/bin/promtool";
  const std::string promtool = std::filesystem::exists(own) ? own.string() : "promtool";
  if (std::system(("command -v '" + promtool + "' >/dev/null 2>&1").c_str()) != 0) {
    MESSAGE("skipped: there is no promtool here; `./dev setup` fetches it");
    return;
  }
  EndpointsBench bench;
  const std::string text = bench.world.dir / "metrics.txt", said = bench.world.dir / "promtool.txt";
  std::ofstream(text) << busy_metrics(bench);
  const int failed = std::system(("'" + promtool + "' check metrics <'" + text + "' >'" + said + "' 2>&1").c_str());
  std::ostringstream output;
  output << std::ifstream(said).rdbuf();
  CHECK_MESSAGE(failed == 0, output.str());
  CHECK(output.str().empty());
}

}  // namespace damsync
