#include "sync/deliver/webhook.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "storage/base/text.h"
#include "sync/deliver/webhook_signature.h"
#include "tests/support/fake_clock.h"
#include "tests/support/raw_server.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const Secret kSecret("whsec_" + base64("0123456789abcdef0123456789abcdef"));
const Secret kOldSecret("whsec_" + base64("fedcba9876543210fedcba9876543210"));

struct WebhookBench {
  FakeClock clock;

  static WebhookTarget target(const std::string& url) {
    WebhookTarget out;
    out.name = "cms";
    out.url = Url::parse(url).value();
    out.secret = kSecret;
    out.time_limit = Millis(5'000);
    return out;
  }
  static Event event(const std::string& body = R"({"specversion":"1.0"})") {
    Event out;
    out.change.id = "01KAFE00000000000000000000";
    out.body = body;
    return out;
  }
  Outcome send(const WebhookTarget& to, Lookup lookup = system_lookup) const {
    return make_webhook(to, clock, std::move(lookup)).value()->send(event(), {});
  }
  Outcome send(const std::string& url) const { return send(target(url)); }
};

std::string header_of(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}
std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }

/// What a receiver does, by its own means: is one of the signatures the one of this key?
bool verified(const std::string& request, const Secret& secret) {
  const auto wanted = webhook_signature({webhook_key(secret).value()}, header_of(request, "webhook-id"),
                                        header_of(request, "webhook-timestamp"), body_of(request));
  return (" " + header_of(request, "webhook-signature") + " ").find(" " + wanted + " ") != std::string::npos;
}

std::string status(int code, const std::string& more = "") {
  return fmt::format("HTTP/1.1 {} X\r\n{}Content-Length: 0\r\n\r\n", code, more);
}

}  // namespace

TEST_CASE("webhook signature: is the one that the contract's check vector gives") {
  const auto key = webhook_key(kSecret);
  REQUIRE(key);
  CHECK(webhook_signature({*key}, "msg_1", "1700000000", "{}") == "v1,2c4VI0bO4Wd5svqP2unEA9pCk0dTAXr/elrHCJ+/efk=");
}

TEST_CASE("webhook signature: a secret of another form is refused, and not shown") {
  for (const std::string secret : {"", "whsec_", "whsec_!!!!", "whsec_c2hvcnQ=", "0123456789abcdef0123456789abcdef",
                                   "whsec_MDEyMzQ1Njc4OWFiY2RlZg", "whsec_MDEyMzQ1Njc4OWFiY2RlZg==\n"}) {
    CAPTURE(secret);
    const auto key = webhook_key(Secret(secret));
    REQUIRE(!key);
    CHECK(key.error().code == ErrorCode::kSettings);
    CHECK(key.error().message.find("MDEy") == std::string::npos);
  }
  CHECK(webhook_key(Secret("whsec_MDEyMzQ1Njc4OWFiY2RlZg==")));
}

TEST_CASE_FIXTURE(WebhookBench, "webhook: an event is posted as a signed CloudEvent and any 2xx is its delivery") {
  for (const int code : {200, 201, 202, 204}) {
    CAPTURE(code);
    RawServer server(RawServer::answer(code == 204 ? "HTTP/1.1 204 No Content\r\n\r\n" : status(code)));
    CHECK(send(server.url("/hooks/damsync")).kind == Outcome::Kind::kDelivered);
    REQUIRE(server.requests().size() == 1);
    const std::string request = server.requests().front();
    CHECK(request.starts_with("POST /hooks/damsync HTTP/1.1\r\n"));
    CHECK(header_of(request, "Content-Type") == "application/cloudevents+json; charset=utf-8");
    CHECK(header_of(request, "webhook-id") == "01KAFE00000000000000000000");
    CHECK(header_of(request, "webhook-timestamp") == std::to_string(to_millis(clock.utc()) / 1000));
    CHECK(body_of(request) == event().body);
    CHECK(verified(request, kSecret));
    CHECK(!verified(request, kOldSecret));
  }
}

TEST_CASE_FIXTURE(WebhookBench, "webhook: while a secret is replaced both sign, and a receiver may know either") {
  RawServer server(RawServer::answer(kOk));
  WebhookTarget to = target(server.url());
  to.previous_secret = kOldSecret;
  CHECK(send(to).kind == Outcome::Kind::kDelivered);
  CHECK(verified(server.requests().front(), kSecret));
  CHECK(verified(server.requests().front(), kOldSecret));
}

TEST_CASE_FIXTURE(WebhookBench,
                  "W1 R10 webhook: other answers fail or refuse the event, no redirect is followed, 410 ends all") {
  struct Row {
    std::string answer;
    Outcome::Kind kind;
    std::optional<Millis> retry_after;
  };
  RawServer elsewhere(RawServer::answer(kOk));
  const std::string location = "Location: " + elsewhere.url("/stolen") + "\r\n";
  const Row rows[] = {
      {status(301, location), Outcome::Kind::kRefused, {}},
      {status(302, location), Outcome::Kind::kRefused, {}},
      {status(303, location), Outcome::Kind::kRefused, {}},
      {status(307, location), Outcome::Kind::kRefused, {}},
      {status(308, location), Outcome::Kind::kRefused, {}},
      {status(304), Outcome::Kind::kRefused, {}},
      {status(400), Outcome::Kind::kRefused, {}},
      {status(401, "WWW-Authenticate: Basic\r\nSet-Cookie: a=b\r\n"), Outcome::Kind::kRefused, {}},
      {status(408), Outcome::Kind::kFailed, {}},
      {status(410), Outcome::Kind::kGone, {}},
      {status(422), Outcome::Kind::kRefused, {}},
      {status(429, "Retry-After: 120\r\n"), Outcome::Kind::kFailed, Millis(120'000)},
      {status(503, "Retry-After: Sun, 15 Mar 2026 00:10:00 GMT\r\n"), Outcome::Kind::kFailed, Millis(600'000)},
      {status(503, "Retry-After: soon\r\n"), Outcome::Kind::kFailed, {}},
      {status(500), Outcome::Kind::kFailed, {}},
      {"", Outcome::Kind::kFailed, {}},
      {"HTTP/1.1 20", Outcome::Kind::kFailed, {}},
      {"SSH-2.0-OpenSSH\r\n\r\n", Outcome::Kind::kFailed, {}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", Outcome::Kind::kDelivered, {}},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n??", Outcome::Kind::kDelivered, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.answer);
    RawServer server(RawServer::answer(row.answer));
    const Outcome outcome = send(server.url());
    CAPTURE(outcome.reason);
    CHECK(outcome.kind == row.kind);
    CHECK(outcome.retry_after == row.retry_after);
    CHECK(outcome.reason.empty() == (row.kind == Outcome::Kind::kDelivered));
    CHECK(server.requests().size() == 1);
  }
  CHECK(elsewhere.connections() == 0);
}

TEST_CASE_FIXTURE(WebhookBench, "W1 webhook: of an answer of 1 GB little is read, whatever its status") {
  for (const std::string head : {"200 OK\r\nContent-Length: 1073741824", "200 OK\r\nTransfer-Encoding: chunked",
                                 "200 OK", "500 Oops\r\nContent-Length: 1073741824"}) {
    CAPTURE(head);
    std::atomic<std::int64_t> sent = 0;
    RawServer server([&](RawPeer& peer) {
      peer.read_request();
      peer.send("HTTP/1.1 " + head + "\r\n\r\n");
      const bool chunked = head.find("chunked") != std::string::npos;
      const std::string piece = (chunked ? "10000\r\n" : "") + std::string(65536, 'x') + (chunked ? "\r\n" : "");
      while (sent < (1 << 30) && peer.send(piece)) sent += static_cast<std::int64_t>(piece.size());
    });
    const auto begun = std::chrono::steady_clock::now();
    const Outcome outcome = send(server.url());
    CHECK(outcome.kind == (head.starts_with("200") ? Outcome::Kind::kDelivered : Outcome::Kind::kFailed));
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(4));
    CHECK(sent < (64 << 20));
  }
}

TEST_CASE_FIXTURE(WebhookBench, "W1 webhook: a receiver that hangs or drips costs no more than the time limit") {
  for (const bool drips : {false, true}) {
    CAPTURE(drips);
    RawServer server([drips](RawPeer& peer) {
      peer.read_request();
      if (drips) peer.drip("HTTP/1.1 200 OK\r\nX: " + std::string(10'000, 'x'), Millis(10));
      peer.hold();
    });
    WebhookTarget to = target(server.url());
    to.time_limit = Millis(300);
    const auto begun = std::chrono::steady_clock::now();
    CHECK(send(to).kind == Outcome::Kind::kFailed);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(3));
  }
}

TEST_CASE_FIXTURE(WebhookBench, "webhook: an event that a stop interrupts counts as not tried") {
  RawServer server([](RawPeer& peer) {
    peer.read_request();
    peer.hold();
  });
  const auto webhook = make_webhook(target(server.url()), clock).value();
  std::stop_source stop;
  std::jthread stopper([&] {
    while (server.requests().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  CHECK(webhook->send(event(), stop.get_token()).kind == Outcome::Kind::kNotTried);
}

TEST_CASE_FIXTURE(WebhookBench,
                  "W2 R6 R7 webhook: a URL whose name leads to a private address is refused unless allowed") {
  RawServer server(RawServer::answer(kOk));
  const std::string port = std::to_string(server.port());
  for (const std::string address : {"10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1",
                                    "64:ff9b::a00:1", "127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0"}) {
    CAPTURE(address);
    const Lookup lookup = [&](const std::string&) -> Result<std::vector<std::string>> {
      return std::vector<std::string>{address};
    };
    const Outcome outcome = send(target("https://cms.example.org:" + port), lookup);
    CAPTURE(outcome.reason);
    CHECK(outcome.kind == Outcome::Kind::kFailed);
    CHECK(outcome.reason.find("cms.example.org leads to " + address) != std::string::npos);
  }
  CHECK(server.connections() == 0);

  const Lookup here = [](const std::string&) -> Result<std::vector<std::string>> {
    return std::vector<std::string>{"127.0.0.1"};
  };
  WebhookTarget allowed = target("http://cms.example.org:" + port);
  CHECK(send(allowed, here).kind == Outcome::Kind::kFailed);
  allowed.own_network = OwnNetwork::kAllowed;
  CHECK(send(allowed, here).kind == Outcome::Kind::kDelivered);
  CHECK(send("http://localhost:" + port).kind == Outcome::Kind::kDelivered);
}

TEST_CASE_FIXTURE(WebhookBench, "webhook: an own certificate authority is trusted besides the system's") {
  const TestAuthority authority;
  const TempDir dir;
  std::ofstream(dir / "ca.pem") << authority.certificate();
  RawServer server(RawServer::answer(kOk), RawTls{authority.issue({})});
  const std::string url = "https://localhost:" + std::to_string(server.port()) + "/";
  CHECK(send(url).kind == Outcome::Kind::kFailed);
  WebhookTarget to = target(url);
  to.ca_file = dir / "ca.pem";
  const Outcome outcome = send(to);
  CAPTURE(outcome.reason);
  CHECK(outcome.kind == Outcome::Kind::kDelivered);
}

}  // namespace damsync
