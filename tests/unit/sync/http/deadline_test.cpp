#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/unit/sync/http/http_bench.h"

using namespace damsync;
using std::chrono::steady_clock;

namespace {

constexpr Millis kShort{200};
/// A deadline of 200 ms on a busy machine.
constexpr std::chrono::seconds kSoon{3};
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A lookup that answers when it is let go, like a name server that is gone.
class SilentLookup {
 public:
  ~SilentLookup() { let_go(); }
  Lookup lookup() {
    return [state = state_](const std::string&) -> Result<std::vector<std::string>> {
      std::unique_lock lock(state->mutex);
      state->changed.wait(lock, [&] { return state->open; });
      return make_error(ErrorCode::kUnavailable, "late");
    };
  }
  void let_go() {
    const std::lock_guard lock(state_->mutex);
    state_->open = true;
    state_->changed.notify_all();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

TEST_CASE("T1 http: a name that cannot be resolved is retryable") {
  const auto transport = transport_for(settings_for("http://api.example.test"),
                                       [](const std::string& host) -> Result<std::vector<std::string>> {
                                         return retryable(ErrorCode::kUnavailable, "cannot resolve " + host);
                                       });
  const auto answer = transport->send(quick_get("http://api.example.test/"), nullptr, {});
  CHECK(is_error(answer, ErrorCode::kUnavailable, Retry::kAfterBackoff));
}

TEST_CASE("T1 http: a silent name server does not outlast the deadline nor a stop") {
  SilentLookup silent;
  const auto transport = transport_for(settings_for("http://api.example.test"), silent.lookup());

  const auto begun = steady_clock::now();
  const auto answer = transport->send(quick_get("http://api.example.test/", kShort), nullptr, {});
  CHECK(is_error(answer, ErrorCode::kUnavailable, Retry::kAfterBackoff));
  CHECK(steady_clock::now() - begun < kSoon);

  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(Millis(50));
    stop.request_stop();
  });
  const auto stopped =
      transport->send(quick_get("http://api.example.test/", Millis(30'000)), nullptr, stop.get_token());
  CHECK(is_error(stopped, ErrorCode::kCancelled, Retry::kNever));
}

TEST_CASE("T2 http: a refused connection is retryable and the next address is tried") {
  RawServer server(RawServer::answer(kOk));
  const std::string url = "http://api.example.test:" + std::to_string(server.port());
  const auto only = [](std::vector<std::string> addresses) {
    return [addresses](const std::string&) -> Result<std::vector<std::string>> { return addresses; };
  };
  CHECK(is_error(transport_for(settings_for(url), only({"127.0.0.2"}))->send(quick_get(url), nullptr, {}),
                 ErrorCode::kUnavailable, Retry::kAfterBackoff));
  CHECK(transport_for(settings_for(url), only({"127.0.0.2", "127.0.0.1"}))->send(quick_get(url), nullptr, {}));
}

TEST_CASE("T7 T8 http: whatever drips or keeps silent ends at the total deadline") {
  struct Row {
    std::string name;
    RawServer::Play play;
  };
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
  const std::vector<Row> rows{
      {"silence", [](RawPeer& peer) { peer.hold(); }},
      {"head drip", [](RawPeer& peer) { peer.drip("HTTP/1.1 200 " + std::string(9999, 'x'), Millis(20)); }},
      {"body drip",
       [&](RawPeer& peer) {
         peer.send(head);
         peer.drip(std::string(9999, 'x'), Millis(20));
       }},
      {"chunk drip",
       [](RawPeer& peer) {
         peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
         for (int i = 0; i < 999; ++i) peer.drip("1\r\nx\r\n", Millis(20));
       }},
      {"until-close drip",
       [](RawPeer& peer) {
         peer.send("HTTP/1.0 200 OK\r\n\r\n");
         peer.drip(std::string(9999, 'x'), Millis(20));
       }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    RawServer server(row.play);
    const auto begun = steady_clock::now();
    const auto answer = transport_for(settings_for(server.url()))->send(quick_get(server.url(), kShort), nullptr, {});
    CHECK(is_error(answer, ErrorCode::kUnavailable, Retry::kAfterBackoff));
    CHECK(steady_clock::now() - begun < kSoon);
  }
}

TEST_CASE("T7 http: a TLS handshake that never ends is cut at the total deadline") {
  RawServer server(
      [](RawPeer& peer) { peer.drip(std::string("\x16\x03\x03\x40\x00", 5) + std::string(9999, 'x'), Millis(20)); });
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  const auto begun = steady_clock::now();
  const auto answer = transport_for(settings_for(url))->send(quick_get(url, kShort), nullptr, {});
  CHECK(is_error(answer, ErrorCode::kUnavailable, Retry::kAfterBackoff));
  CHECK(steady_clock::now() - begun < kSoon);
}

TEST_CASE("G1 http: a stop ends a safe call at once, wherever it is") {
  for (const std::string& sent : {std::string(), std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")}) {
    std::stop_source stop;
    RawServer server([&](RawPeer& peer) {
      peer.read_request();
      peer.send(sent);
      stop.request_stop();
      peer.hold();
    });
    const auto answer = transport_for(settings_for(server.url()))
                            ->send(quick_get(server.url(), Millis(30'000)), nullptr, stop.get_token());
    CHECK(is_error(answer, ErrorCode::kCancelled, Retry::kNever));
  }
}

TEST_CASE("G1 http: a spending call in flight may end after a stop") {
  std::stop_source stop;
  RawServer server([&](RawPeer& peer) {
    peer.read_request();
    stop.request_stop();
    peer.send(kOk);
  });
  const auto answer =
      transport_for(settings_for(server.url()))->send(spending_post(server.url()), nullptr, stop.get_token());
  REQUIRE(answer);
  CHECK(answer->body == "ok");
}

TEST_CASE("T24 http: a reset is retryable for a safe call and an unknown outcome for a spending one") {
  const std::vector<std::string> before{"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"};
  for (const auto& sent : before) {
    CAPTURE(sent);
    RawServer server([&](RawPeer& peer) {
      peer.read_request();
      peer.send(sent);
      peer.reset();
    });
    const auto transport = transport_for(settings_for(server.url()));
    CHECK(
        is_error(transport->send(quick_get(server.url()), nullptr, {}), ErrorCode::kUnavailable, Retry::kAfterBackoff));
    CHECK(
        is_error(transport->send(spending_post(server.url()), nullptr, {}), ErrorCode::kUnknownOutcome, Retry::kNever));
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("Q1 http: silence or rubbish after a spending call is an unknown outcome and is sent once") {
  for (const std::string& sent : {std::string(), std::string("rubbish\r\n\r\n"), std::string("HTTP/1.1 200 OK\r\n\r\n"),
                                  std::string("HTTP/1.1 303 See Other\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"),
                                  std::string("HTTP/1.1 307 Again\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")}) {
    CAPTURE(sent);
    RawServer server([&](RawPeer& peer) {
      peer.read_request();
      peer.send(sent);
      if (!sent.starts_with("HTTP/1.1 30")) peer.hold();
    });
    HttpRequest request = spending_post(server.url());
    request.deadline = kShort;
    CallCounter counter;
    TransportSettings settings = settings_for(server.url());
    settings.counter = &counter;
    const auto answer = transport_for(settings)->send(request, nullptr, {});
    CHECK(is_error(answer, ErrorCode::kUnknownOutcome, Retry::kNever));
    CHECK(server.requests().size() == 1);
    CHECK(counter.spending == 1);
    CHECK(counter.free == 0);
  }
}

TEST_CASE("http: a spending call that cannot be sent has a known outcome") {
  const auto transport = transport_for(settings_for("http://127.0.0.1:1"));
  CHECK(is_error(transport->send(spending_post("http://127.0.0.1:1/"), nullptr, {}), ErrorCode::kUnavailable,
                 Retry::kAfterBackoff));
}
