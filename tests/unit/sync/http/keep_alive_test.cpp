#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/unit/sync/http/http_bench.h"

using namespace damsync;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

void serve_all(RawPeer& peer) {
  while (!peer.read_request().empty()) peer.send(kOk);
}

}  // namespace

TEST_CASE("keep-alive: calls share a connection, spending calls never do") {
  RawServer server(serve_all);
  const auto transport = transport_for(settings_for(server.url()));
  for (int i = 0; i < 5; ++i) CHECK(transport->send(quick_get(server.url()), nullptr, {}));
  CHECK(server.connections() == 1);
  CHECK(transport->send(spending_post(server.url()), nullptr, {}));
  CHECK(transport->send(spending_post(server.url()), nullptr, {}));
  CHECK(server.connections() == 3);
}

TEST_CASE("keep-alive: a connection whose answer says close is not used again") {
  for (const std::string& answer : {std::string("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
                                    std::string("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")}) {
    RawServer server([&](RawPeer& peer) {
      while (!peer.read_request().empty()) peer.send(answer);
    });
    const auto transport = transport_for(settings_for(server.url()));
    CHECK(transport->send(quick_get(server.url()), nullptr, {}));
    CHECK(transport->send(quick_get(server.url()), nullptr, {}));
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("keep-alive: a safe call that meets a connection closed meanwhile is sent again, once") {
  // The second request is read and never answered: it was on its way when the server closed.
  std::atomic<int> played{0};
  RawServer server([&](RawPeer& peer) {
    peer.read_request();
    const int n = ++played;
    if (n <= 2) peer.send(kOk);
    if (n == 1) peer.read_request();
  });
  CallCounter counter;
  TransportSettings settings = settings_for(server.url());
  settings.counter = &counter;
  const auto transport = transport_for(settings);
  CHECK(transport->send(quick_get(server.url()), nullptr, {}));
  CHECK(transport->send(quick_get(server.url()), nullptr, {}));
  CHECK(counter.free == 3);
  CHECK(server.requests().size() == 3);
}

TEST_CASE("keep-alive: a fresh connection that closes without an answer is not asked again") {
  RawServer server([](RawPeer& peer) { peer.read_request(); });
  const auto transport = transport_for(settings_for(server.url()));
  CHECK(is_error(transport->send(quick_get(server.url()), nullptr, {}), ErrorCode::kUnavailable, Retry::kAfterBackoff));
  CHECK(server.requests().size() == 1);
}

TEST_CASE("keep-alive: many threads share a transport and no answer goes astray") {
  RawServer server([](RawPeer& peer) {
    while (true) {
      const std::string request = peer.read_request();
      if (request.empty()) return;
      const std::string path = request.substr(4, request.find(' ', 4) - 4);
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(path.size()) + "\r\n\r\n" + path);
    }
  });
  TransportSettings settings = settings_for(server.url());
  settings.max_idle_per_origin = 3;
  const auto transport = transport_for(settings);
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> workers;
    for (int worker = 0; worker < 8; ++worker)
      workers.emplace_back([&, worker] {
        for (int i = 0; i < 25; ++i) {
          const std::string target = "/" + std::to_string(worker) + "/" + std::to_string(i);
          const auto answer = transport->send(quick_get(server.url(target)), nullptr, {});
          if (answer && answer->body == target) ++right;
        }
      });
  }
  CHECK(right == 200);
}

TEST_CASE("keep-alive: requests name the program and refuse codings") {
  RawServer server(serve_all);
  HttpRequest request = quick_get(server.url("/v2/images?id=1&id=2"));
  request.headers.add("Accept-Encoding", "gzip");
  CHECK(transport_for(settings_for(server.url()))->send(request, nullptr, {}));
  const std::string text = server.requests().front();
  CHECK(text.starts_with("GET /v2/images?id=1&id=2 HTTP/1.1\r\n"));
  CHECK(text.find("\r\nUser-Agent: damsync/test\r\n") != std::string::npos);
  CHECK(text.find("\r\nAccept-Encoding: identity\r\n") != std::string::npos);
  CHECK(text.find("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") != std::string::npos);
  CHECK(text.find("gzip") == std::string::npos);
}
