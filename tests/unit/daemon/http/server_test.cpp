#include "daemon/http/server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "storage/base/secret.h"
#include "tests/support/web_client.h"

namespace damsync {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

/// Until `condition` holds, five seconds at most.
bool eventually(const std::function<bool()>& condition) {
  const auto deadline = Steady::now() + 5s;
  while (!condition()) {
    if (Steady::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// A server whose answers the test makes: `/quick` in the loop, everything else in the worker by `play`.
struct ServerBench final : WebHandler {
  using Play = std::function<WebReply(const WebRequest&, Millis)>;

  explicit ServerBench(WebLimits limits = {}, const std::string& listen = "127.0.0.1:0")
      : server({*parse_listen_address(listen), {}, limits}, *this, clock, log) {
    if (auto started = server.start(); !started) throw std::runtime_error(started.error().message);
  }
  ~ServerBench() override {
    server.stop();
    ::close(null);
  }

  std::optional<WebAnswer> answer_at_once(const WebRequest& request) override {
    if (request.path == "/quick") return text_answer(200, "quick\n");
    if (request.path == "/broken") throw std::runtime_error("broken at once");
    return std::nullopt;
  }
  WebReply answer(const WebRequest& request, Millis waited) override {
    ++asked;
    return play(request, waited);
  }
  [[nodiscard]] std::uint16_t port() const { return server.address().port; }

  int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  SystemClock clock;
  Redactor redactor;
  Log log{null, clock, redactor};
  std::atomic<int> asked{0};
  Play play = [](const WebRequest&, Millis) { return WebReply::of(text_answer(200, "slow\n")); };
  WebServer server;
};

Millis time_of(const std::function<void()>& work) {
  const auto before = Steady::now();
  work();
  return std::chrono::duration_cast<Millis>(Steady::now() - before);
}

}  // namespace

TEST_CASE("http server: GET and HEAD are answered alike but for the body, and the connection ends") {
  ServerBench bench;
  const auto get = web_ask(bench.port(), "/quick"), head = web_ask(bench.port(), "/quick", "HEAD");
  CHECK(get.status == 200);
  CHECK(get.body == "quick\n");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  for (const char* line :
       {"Content-Length: 6\r\n", "Connection: close\r\n", "X-Content-Type-Options: nosniff\r\n",
        "Cache-Control: no-store\r\n", "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"}) {
    CHECK_MESSAGE(get.head.find(line) != std::string::npos, line);
    CHECK_MESSAGE(head.head.find(line) != std::string::npos, line);
  }
  CHECK(web_ask(bench.port(), "/other").body == "slow\n");
}

TEST_CASE("L1 http server: 200 idle or dripping clients delay nobody's answer beyond one second") {
  ServerBench bench;
  std::vector<WebClient> crowd;
  for (int i = 0; i < 200; ++i) crowd.emplace_back(bench.port());
  std::atomic<bool> over{false};
  std::thread drip([&] {
    const std::string request = web_get(bench.port(), "/quick");
    for (std::size_t at = 0; !over; at = (at + 1) % request.size())
      for (std::size_t i = 0; i < crowd.size() && !over; i += 2) crowd[i].send(request.substr(at, 1));
  });

  for (int i = 0; i < 20; ++i) {
    for (const char* path : {"/quick", "/slow"}) {
      WebResponse answer;
      const auto took = time_of([&] { answer = web_ask(bench.port(), path); });
      CHECK(answer.status == 200);
      CHECK(took < 1000ms);
    }
  }
  over = true;
  drip.join();
  CHECK(bench.server.counts().dropped > 0);
}

TEST_CASE("L1 http server: a request that does not come in time is answered with 408, dripping or not") {
  WebLimits limits;
  limits.read_time = 50ms;
  ServerBench bench(limits);
  WebClient idle(bench.port()), dripping(bench.port());
  dripping.send("GET /quick HT");
  CHECK(WebResponse::parse(idle.read_all()).status == 408);
  CHECK(WebResponse::parse(dripping.read_all()).status == 408);
}

TEST_CASE("L1 http server: beyond its number of connections the oldest that asked nothing is dropped") {
  WebLimits limits;
  limits.connections = 3;
  limits.read_time = 60s;
  ServerBench bench(limits);
  std::atomic<bool> news{false};
  bench.play = [&](const WebRequest&, Millis) {
    return news ? WebReply::of(text_answer(200, "news\n")) : WebReply::held(60s);
  };
  WebClient held(bench.port());
  held.send(web_get(bench.port(), "/held"));
  REQUIRE(eventually([&] { return bench.asked == 1; }));
  WebClient first(bench.port()), second(bench.port());
  const auto turns = bench.server.counts().turns;  // who came in the turn of a newcomer would not be dropped for it
  bench.server.wake();
  REQUIRE(eventually([&] { return bench.server.counts().turns > turns; }));

  CHECK(web_ask(bench.port(), "/quick").status == 200);
  CHECK(time_of([&] { CHECK(first.read_all().empty()); }) < 5s);
  second.send(web_get(bench.port(), "/quick"));
  CHECK(WebResponse::parse(second.read_all()).status == 200);
  news = true;
  bench.server.wake();
  CHECK(WebResponse::parse(held.read_all()).body == "news\n");
}

TEST_CASE("L1 http server: a crowd that waits for changes keeps no newcomer from an answer") {
  ServerBench bench;
  bench.play = [&](const WebRequest&, Millis) { return WebReply::held(60s); };
  std::vector<WebClient> crowd;
  const std::string wait = web_get(bench.port(), "/held");
  for (int i = 0; i < 200; ++i) {
    crowd.emplace_back(bench.port());
    crowd.back().send(wait);
    REQUIRE(eventually([&] { return bench.asked > i; }));
  }
  for (int i = 0; i < 20; ++i) {
    const int asked = bench.asked;
    WebClient newcomer(bench.port());
    WebClient another(bench.port());
    another.send(wait);
    REQUIRE(eventually([&] { return bench.asked > asked; }));  // the newcomer is not the one that makes room
    newcomer.send(web_get(bench.port(), "/quick"));
    CHECK(WebResponse::parse(newcomer.read_all()).status == 200);
  }
}

TEST_CASE("http server: a handler at work delays no answer that needs none of it") {
  ServerBench bench;
  std::promise<void> begun, release;
  bench.play = [&](const WebRequest&, Millis) {
    begun.set_value();
    release.get_future().wait();
    return WebReply::of(text_answer(200, "done\n"));
  };
  WebClient slow(bench.port());
  slow.send(web_get(bench.port(), "/slow"));
  begun.get_future().wait();

  CHECK(web_ask(bench.port(), "/quick").status == 200);
  release.set_value();
  CHECK(WebResponse::parse(slow.read_all()).body == "done\n");
}

TEST_CASE("http server: a held request is asked about again when something changes, and answered then") {
  ServerBench bench;
  std::atomic<bool> news{false};
  bench.play = [&](const WebRequest&, Millis) {
    return news ? WebReply::of(text_answer(200, "news\n")) : WebReply::held(60s);
  };
  WebClient client(bench.port());
  client.send(web_get(bench.port(), "/held"));
  REQUIRE(eventually([&] { return bench.asked == 1; }));
  news = true;
  bench.server.wake();
  CHECK(WebResponse::parse(client.read_all()).body == "news\n");
}

TEST_CASE("http server: what changes while the handler looks is not missed") {
  ServerBench bench;
  bench.play = [&](const WebRequest&, Millis) {
    if (bench.asked > 1) return WebReply::of(text_answer(200, "news\n"));
    bench.server.wake();  // after the handler has read, before the request is held
    return WebReply::held(60s);
  };
  CHECK(web_ask(bench.port(), "/held").body == "news\n");
}

TEST_CASE("http server: a held request is asked about a last time when its time is over") {
  ServerBench bench;
  bench.play = [](const WebRequest&, Millis waited) {
    return waited < 30ms ? WebReply::held(30ms - waited) : WebReply::of(text_answer(200, "nothing\n"));
  };
  CHECK(web_ask(bench.port(), "/held").body == "nothing\n");
  CHECK(bench.asked >= 2);
}

TEST_CASE("http server: however often something changes, held requests are not asked about more often than set") {
  WebLimits limits;
  limits.wake_pause = 60s;
  ServerBench bench(limits);
  bench.play = [](const WebRequest&, Millis) { return WebReply::held(60s); };
  WebClient client(bench.port());
  client.send(web_get(bench.port(), "/held"));
  REQUIRE(eventually([&] { return bench.asked == 1; }));
  for (int i = 0; i < 1000; ++i) bench.server.wake();
  REQUIRE(eventually([&] { return bench.asked == 2; }));
  for (int i = 0; i < 1000; ++i) bench.server.wake();
  CHECK(web_ask(bench.port(), "/quick").status == 200);
  CHECK(bench.asked == 2);
}

TEST_CASE("http server: who leaves while its request is held is forgotten") {
  ServerBench bench;
  bench.play = [](const WebRequest&, Millis) { return WebReply::held(60s); };
  WebClient client(bench.port());
  client.send(web_get(bench.port(), "/held"));
  REQUIRE(eventually([&] { return bench.asked == 1; }));
  client.close();
  CHECK(eventually([&] { return bench.server.counts().dropped == 1; }));
}

TEST_CASE("http server: who leaves while the handler is busy is forgotten, and what it asked for is not done") {
  ServerBench bench;
  std::promise<void> begun, release;
  bench.play = [&](const WebRequest&, Millis) {
    if (bench.asked == 1) {
      begun.set_value();
      release.get_future().wait();
    }
    return WebReply::of(text_answer(200, "done\n"));
  };
  WebClient first(bench.port()), second(bench.port());
  first.send(web_get(bench.port(), "/first"));
  begun.get_future().wait();
  second.send(web_get(bench.port(), "/second"));
  second.close();
  first.close();
  const bool noticed = eventually([&] { return bench.server.counts().dropped == 2; });
  release.set_value();
  CHECK(noticed);
  CHECK(web_ask(bench.port(), "/third").status == 200);
  CHECK(bench.asked == 2);
}

TEST_CASE("http server: it stops within a second while requests are held, and says so to them") {
  ServerBench bench;
  bench.play = [](const WebRequest&, Millis) { return WebReply::held(60s); };
  std::vector<WebClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back(bench.port());
    clients.back().send(web_get(bench.port(), "/held"));
  }
  REQUIRE(eventually([&] { return bench.asked == 50; }));
  CHECK(time_of([&] { bench.server.stop(); }) < 1000ms);
  for (auto& client : clients) CHECK(WebResponse::parse(client.read_all()).status == 503);
  CHECK_THROWS(WebClient(bench.port()));
}

TEST_CASE("http server: an answer that its client does not read is given up, and delays nobody") {
  WebLimits limits;
  limits.write_time = 100ms;
  ServerBench bench(limits);
  bench.play = [](const WebRequest&, Millis) {
    return WebReply::of(text_answer(200, std::string(std::size_t{32} << 20, 'x')));
  };
  WebClient lazy(bench.port());
  lazy.send(web_get(bench.port(), "/large"));
  REQUIRE(eventually([&] { return bench.asked == 1; }));
  CHECK(web_ask(bench.port(), "/quick").status == 200);
  CHECK(eventually([&] { return bench.server.counts().dropped == 1; }));
  CHECK(lazy.read_all().size() < (std::size_t{32} << 20));
}

TEST_CASE("http server: a large answer arrives whole") {
  ServerBench bench;
  const std::string large(std::size_t{8} << 20, 'x');
  bench.play = [&](const WebRequest&, Millis) { return WebReply::of(text_answer(200, large)); };
  CHECK(web_ask(bench.port(), "/large").body == large);
}

TEST_CASE("L2 L3 http server: what is refused gets an answer that can be read, and the connection is closed") {
  ServerBench bench;
  const std::string head = " /quick HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(bench.port()) + "\r\n";
  struct Row {
    std::string bytes;
    int status;
  };
  for (const Row& row :
       {Row{"GET" + head + "X: " + std::string(200'000, 'a') + "\r\n\r\n", 431},
        Row{"GET /" + std::string(200'000, 'a') + " HTTP/1.1\r\n", 414}, Row{"GET /quick\r\n", 400},
        Row{std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9), 400},
        Row{"POST" + head + "Content-Length: 100000\r\n\r\n" + std::string(100'000, 'b'), 405},
        Row{"GET" + head + "Content-Length: 100000\r\n\r\n" + std::string(100'000, 'b'), 413},
        Row{"GET" + head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Row{"GET /quick HTTP/1.1\r\nHost: evil.test\r\n\r\n", 421},
        Row{"GET" + head + "Sec-Fetch-Site: cross-site\r\n\r\n", 403}, Row{"TRACE" + head + "\r\n", 405}}) {
    CAPTURE(row.bytes.substr(0, 60));
    WebClient client(bench.port());
    client.send(row.bytes);
    const auto answer = WebResponse::parse(client.read_all());
    CHECK(answer.status == row.status);
    CHECK(answer.head.find("Content-Type: application/problem+json\r\n") != std::string::npos);
    CHECK((answer.status != 405 || answer.head.find("Allow: GET, HEAD\r\n") != std::string::npos));
  }
  CHECK(bench.server.counts().answers[4] == 10);
}

TEST_CASE("http server: a handler that throws is a 500 without details, and the next request is answered") {
  ServerBench bench;
  bench.play = [](const WebRequest&, Millis) -> WebReply { throw std::runtime_error("secret path /x"); };
  const auto answer = web_ask(bench.port(), "/slow");
  CHECK(answer.status == 500);
  CHECK(answer.body.find("secret") == std::string::npos);
  CHECK(web_ask(bench.port(), "/broken").status == 500);
  CHECK(web_ask(bench.port(), "/quick").status == 200);
}

TEST_CASE("L6 http server: a port in use is an error that says what to do") {
  ServerBench bench;
  WebServer second({bench.server.address(), {}, {}}, bench, bench.clock, bench.log);
  const auto started = second.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::kUnavailable);
  CHECK(started.error().retry == Retry::kAfterBackoff);
  CHECK(started.error().message == "cannot listen on " + bench.server.address().text() +
                                       " for HTTP: another program uses it; end that one, or change http.listen "
                                       "(\"\" switches it off)");
  CHECK(web_ask(bench.port(), "/quick").status == 200);
}

TEST_CASE("L6 http server: an address that the machine does not have yet is waited for") {
  ServerBench bench;
  WebServer early({*parse_listen_address("192.0.2.1:9187"), {}, {}}, bench, bench.clock, bench.log);
  const auto started = early.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::kUnavailable);
  CHECK(started.error().message ==
        "cannot listen on 192.0.2.1:9187 for HTTP: Cannot assign requested address; see http.listen in the settings");
}

TEST_CASE("L6 http server: it listens on IPv6 alone when told so") {
  ServerBench bench({}, "[::1]:0");
  WebClient client(bench.port(), AF_INET6);
  client.send("GET /quick HTTP/1.1\r\nHost: [::1]:" + std::to_string(bench.port()) + "\r\n\r\n");
  CHECK(WebResponse::parse(client.read_all()).status == 200);
  CHECK_THROWS(WebClient(bench.port(), AF_INET));
  ServerBench every({}, "[::]:0");
  CHECK_THROWS(WebClient(every.port(), AF_INET));
}

TEST_CASE("X3 http server: without descriptors it waits instead of spinning, and goes on when there are some") {
  ServerBench bench;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int lowest = ::dup(0);
  ::close(lowest);
  const rlimit one_more{static_cast<rlim_t>(lowest) + 1, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &one_more);
  WebClient knocking(bench.port());  // takes the last descriptor there is

  const bool starved = eventually([&] { return bench.server.counts().unaccepted >= 1; });
  const auto pauses = time_of([&] { eventually([&] { return bench.server.counts().unaccepted >= 4; }); });
  const auto counts = bench.server.counts();
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(starved);
  CHECK(pauses > 200ms);  // three of them
  CHECK(counts.turns <= 2 * counts.unaccepted + 3);
  knocking.send(web_get(bench.port(), "/quick"));
  CHECK(WebResponse::parse(knocking.read_all()).status == 200);
}

}  // namespace damsync
