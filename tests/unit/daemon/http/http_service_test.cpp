#include "daemon/http/http_service.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "storage/journal/feed_reader.h"
#include "tests/support/web_client.h"
#include "tests/unit/daemon/http/endpoints_bench.h"

namespace damsync {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

/// The whole service on an ephemeral port, over the catalog of an `EndpointsBench`.
struct ServiceBench : EndpointsBench {
  explicit ServiceBench(std::string listen = "127.0.0.1:0")
      : service(
            std::move(listen), [this] { return settings; }, world.catalog_path(), vitals, system, log) {
    fill();
    if (auto started = service.start(); !started) throw std::runtime_error(started.error().message);
    const auto address = service.address();
    if (!address.empty()) port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  [[nodiscard]] std::string cursor() const {
    const auto page = parse_json(web_ask(port, "/api/v1/changes?limit=1000").body);
    return *page->find("next")->if_string();
  }

  SystemClock system;
  HttpService service;
  std::uint16_t port = 0;
};

}  // namespace

TEST_CASE("http service: every endpoint answers over a real connection") {
  ServiceBench bench;
  for (const char* path : {"/", "/healthz", "/readyz", "/metrics", "/api/v1/status", "/api/v1/assets",
                           "/api/v1/assets/scripted:101", "/api/v1/changes"})
    CHECK_MESSAGE(web_ask(bench.port, path).status == 200, path);
  CHECK(web_ask(bench.port, "/nothing").status == 404);
  CHECK(web_ask(bench.port, "/api/v1/status", "DELETE").status == 405);
  CHECK(web_ask(bench.port, "/metrics").body.find("damsync_http_requests_total{code=\"4xx\"} 2\n") !=
        std::string::npos);
}

TEST_CASE("http service: who waits for changes is answered after the commit that made one") {
  ServiceBench bench;
  WebClient waiting(bench.port);
  waiting.send(web_get(bench.port, "/api/v1/changes?wait=60&since=" + bench.cursor()));
  CHECK(web_ask(bench.port, "/api/v1/changes").status == 200);  // behind the other in the worker: it is held by now

  bench.world.provider.add("104", "e104");
  bench.world.cycle();
  bench.service.notify_changed();
  const auto before = Steady::now();
  const auto answer = WebResponse::parse(waiting.read_all());
  CHECK(answer.status == 200);
  CHECK(answer.body.find("\"asset_id\":\"104\"") != std::string::npos);
  CHECK(Steady::now() - before < 5s);
}

TEST_CASE("http service: a wait that nothing ends is over when its time is, with an empty list") {
  ServiceBench bench;
  const auto before = Steady::now();
  const auto answer = web_ask(bench.port, "/api/v1/changes?wait=1&since=" + bench.cursor());
  CHECK(answer.status == 200);
  CHECK(answer.body.find("\"changes\":[]") != std::string::npos);
  CHECK(Steady::now() - before >= 1s);
  CHECK(Steady::now() - before < 5s);
}

TEST_CASE("http service: it stops within a second while many wait for changes") {
  ServiceBench bench;
  const std::string target = "/api/v1/changes?wait=60&since=" + bench.cursor();
  std::vector<WebClient> waiting;
  for (int i = 0; i < 50; ++i) {
    waiting.emplace_back(bench.port);
    waiting.back().send(web_get(bench.port, target));
  }
  REQUIRE(web_ask(bench.port, "/healthz").status == 200);
  const auto before = Steady::now();
  bench.service.stop();
  CHECK(Steady::now() - before < 1s);
}

TEST_CASE("http service: reads go on while cycles commit, and every change arrives once") {
  ServiceBench bench;
  std::atomic<bool> over{false};
  std::thread cycles([&] {
    for (int i = 0; i < 15; ++i) {
      bench.world.provider.add(std::to_string(200 + i), "f" + std::to_string(i));
      bench.world.cycle();
      bench.service.notify_changed();
    }
    over = true;
  });
  std::int64_t last = 0;
  for (std::string cursor = "";;) {
    const bool final_round = over;
    const auto page = parse_json(web_ask(bench.port, "/api/v1/changes?limit=5&wait=0&since=" + cursor).body);
    REQUIRE(page);
    for (const Json& change : *page->find("changes")->if_array()) {
      CHECK(change.find("seq")->as_int64() == last + 1);
      last = *change.find("seq")->as_int64();
    }
    cursor = *page->find("next")->if_string();
    if (final_round && !*page->find("more")->if_bool()) break;
  }
  cycles.join();
  CHECK(last == FeedReader(bench.world.db()).head());
}

TEST_CASE("http service: an empty address switches it off") {
  ServiceBench bench("");
  CHECK(bench.service.address().empty());
  bench.service.notify_changed();
  bench.service.stop();
}

TEST_CASE("http service: what is no address is a mistake in the settings") {
  EndpointsBench bench;
  HttpService service(
      "nowhere:80", [&] { return bench.settings; }, bench.world.catalog_path(), bench.vitals, bench.clock, bench.log);
  const auto started = service.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::kSettings);
}

}  // namespace damsync
