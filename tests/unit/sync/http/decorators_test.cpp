#include <doctest/doctest.h>

#include <numeric>

#include "storage/base/time.h"
#include "sync/http/authenticated_transport.h"
#include "sync/http/basic_auth.h"
#include "sync/http/bearer_auth.h"
#include "sync/http/http_status.h"
#include "sync/http/paced_transport.h"
#include "sync/http/retrying_transport.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_transport.h"
#include "tests/unit/sync/http/http_bench.h"

using namespace damsync;

namespace {

const std::string kUrl = "https://api.example.test/v2";

Millis total(const std::vector<Millis>& waits) { return std::accumulate(waits.begin(), waits.end(), Millis(0)); }

struct RetryBench {
  FakeClock clock;
  FakeTransport server;
  Backoff backoff{Millis(500), Millis(60'000), 1};
  RetryingTransport transport{server, backoff, clock};

  Result<HttpResponse> get(Millis deadline = Millis(60'000)) {
    return transport.send(quick_get(kUrl, deadline), nullptr, {});
  }
};

class TextSink final : public BodySink {
 public:
  Status begin(const HttpHead&) override { return {}; }
  Status write(std::span<const char> bytes) override {
    text.append(bytes.data(), bytes.size());
    return {};
  }
  std::string text;
};

/// Refuses every token but the last it was given.
class CountingAuth final : public Authenticator {
 public:
  Status authorize(HttpRequest& request, std::stop_token) override {
    request.credentials.set("Authorization", "Bearer t" + std::to_string(tokens));
    return {};
  }
  Result<bool> refresh(std::stop_token) override {
    ++refreshes;
    if (renewable) ++tokens;
    return renewable;
  }
  bool renewable = true;
  int tokens = 1;
  int refreshes = 0;
};

}  // namespace

TEST_CASE("rate limiter: a burst passes at once, then calls come at the rate") {
  FakeClock clock;
  RateLimiter limiter(clock, {.rate = 4, .burst = 3});
  for (int i = 0; i < 3; ++i) CHECK(limiter.acquire({}));
  CHECK(clock.waits().empty());
  for (int i = 0; i < 4; ++i) CHECK(limiter.acquire({}));
  CHECK(clock.waits() == std::vector<Millis>(4, Millis(250)));

  clock.advance(Millis(10'000));
  for (int i = 0; i < 3; ++i) CHECK(limiter.acquire({}));
  CHECK(clock.waits().size() == 4);
}

TEST_CASE("rate limiter: a stop ends the wait") {
  FakeClock clock;
  RateLimiter limiter(clock, {.rate = 1, .burst = 1});
  std::stop_source stop;
  stop.request_stop();
  CHECK(limiter.acquire(stop.get_token()));
  const auto waited = limiter.acquire(stop.get_token());
  REQUIRE_FALSE(waited);
  CHECK(waited.error().code == ErrorCode::kCancelled);
}

TEST_CASE("T28 paced transport: a 429 makes the next call of any worker wait") {
  FakeClock clock;
  FakeTransport server;
  RateLimiter limiter(clock, {.rate = 100, .burst = 100});
  PacedTransport transport(server, limiter, clock);
  server.push(429, "", {{"Retry-After", "7"}});
  server.push(200, "");
  CHECK(transport.send(quick_get(kUrl), nullptr, {}));
  CHECK(transport.send(quick_get(kUrl), nullptr, {}));
  REQUIRE(clock.waits().size() == 1);
  CHECK(clock.waits().front() >= Millis(7000));
  CHECK(clock.waits().front() <= Millis(7020));
}

TEST_CASE("T27 T28 retrying transport: passing trouble is tried again, with growing jittered waits") {
  for (const int status : {429, 500, 502, 503, 504}) {
    CAPTURE(status);
    RetryBench bench;
    for (int i = 0; i < 4; ++i) bench.server.push(status, "");
    bench.server.push(200, "ok");
    const auto answer = bench.get();
    REQUIRE(answer);
    CHECK(answer->body == "ok");
    CHECK(bench.server.requests().size() == 5);
    CHECK(total(bench.clock.waits()) <= Millis(500 + 1000 + 2000 + 4000));
  }
}

TEST_CASE("retrying transport: errors that may pass are tried again, others are not") {
  RetryBench bench;
  bench.server.push(retryable(ErrorCode::kUnavailable, "x"));
  bench.server.push(retryable(ErrorCode::kProtocol, "x"));
  bench.server.push(make_error(ErrorCode::kRefusedByPolicy, "no"));
  CHECK(is_error(bench.get(), ErrorCode::kRefusedByPolicy, Retry::kNever));
  CHECK(bench.server.requests().size() == 3);

  for (const int status : {400, 401, 403, 404, 410, 501}) {
    bench.server.push(status, "");
    CHECK(bench.get()->status == status);
  }
}

TEST_CASE("retrying transport: five attempts are enough and the last answer is handed on") {
  RetryBench bench;
  bench.server.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{503, {}, "maintenance", request.url};
  });
  const auto answer = bench.get();
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->body == "maintenance");
  CHECK(bench.server.requests().size() == 5);
}

TEST_CASE("retrying transport: attempts share the deadline of the call") {
  RetryBench bench;
  bench.server.fallback([&](const HttpRequest&) -> Result<HttpResponse> {
    bench.clock.advance(Millis(4'000));
    return retryable(ErrorCode::kUnavailable, "slow");
  });
  CHECK(is_error(bench.get(Millis(9'000)), ErrorCode::kUnavailable, Retry::kAfterBackoff));
  CHECK(bench.server.requests().size() <= 3);
  CHECK(bench.server.requests().back().deadline < Millis(9'000));
}

TEST_CASE("T27 retrying transport: a wish to wait is honoured, a long one is handed on") {
  RetryBench bench;
  bench.server.push(503, "", {{"Retry-After", "20"}});
  bench.server.push(200, "");
  CHECK(bench.get());
  REQUIRE(bench.clock.waits().size() == 1);
  CHECK(bench.clock.waits().front() == Millis(20'000));

  for (const char* wish : {"121", "315360000", "99999999999999999999"}) {
    CAPTURE(wish);
    bench.server.push(503, "", {{"Retry-After", wish}});
    const auto answer = bench.get(Millis(600'000));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().retry == Retry::kAt);
    CHECK(answer.error().retry_after >= Millis(121'000));
    CHECK(answer.error().retry_after <= Millis(3'600'000));
    CHECK(answer.error().http_status == 503);
  }
  CHECK(bench.clock.waits().size() == 1);
}

TEST_CASE("T27 http status: Retry-After is read strictly and clamped") {
  const auto now = parse_rfc3339("2026-03-15T12:00:00Z").value();
  const auto read = [&](std::string value) { return retry_after({{"retry-after", std::move(value)}}, now); };
  CHECK(read("0") == Millis(1000));
  CHECK(read("30") == Millis(30'000));
  CHECK(read("315360000") == Millis(3'600'000));
  CHECK(read("Sun, 15 Mar 2026 12:00:30 GMT") == Millis(30'000));
  CHECK(read("Sun, 15 Mar 2020 12:00:30 GMT") == Millis(1000));
  CHECK(read("Fri, 15 Mar 2036 12:00:30 GMT") == Millis(3'600'000));
  for (const char* rubbish : {"", "-5", "soon", "1.5", "5 s", "Sun, 15 Foo 2026 12:00:30 GMT", "2026-03-15T12:00:30Z",
                              "Sun, 15 Mar 2026 12:00:30 +0000"})
    CHECK_FALSE(read(rubbish));
  CHECK_FALSE(retry_after({}, now));
}

TEST_CASE("retrying transport: a spending call is sent once") {
  RetryBench bench;
  bench.server.push(503, "");
  CHECK(bench.transport.send(spending_post(kUrl), nullptr, {})->status == 503);
  bench.server.push(retryable(ErrorCode::kUnavailable, "x"));
  CHECK_FALSE(bench.transport.send(spending_post(kUrl), nullptr, {}));
  CHECK(bench.server.requests().size() == 2);
}

TEST_CASE("retrying transport: a sink gets one body, from one attempt") {
  RetryBench bench;
  TextSink sink;
  bench.server.push(503, "busy");
  bench.server.push(200, "file");
  CHECK(bench.transport.send(quick_get(kUrl), &sink, {}));
  CHECK(sink.text == "file");

  /// Cuts the body in the middle.
  class CuttingTransport final : public HttpTransport {
   public:
    Result<HttpResponse> send(const HttpRequest&, BodySink* to, std::stop_token) override {
      ++calls;
      if (auto begun = to->begin({200, {}, 9, true}); !begun) return begun.error();
      if (auto written = to->write(std::string("half")); !written) return written.error();
      return retryable(ErrorCode::kUnavailable, "cut");
    }
    int calls = 0;
  } cutting;
  TextSink half;
  RetryingTransport transport(cutting, bench.backoff, bench.clock);
  CHECK_FALSE(transport.send(quick_get(kUrl), &half, {}));
  CHECK(cutting.calls == 1);
  CHECK(half.text == "half");
}

TEST_CASE("retrying transport: a stop ends the wait") {
  RetryBench bench;
  std::stop_source stop;
  bench.server.push([&](const HttpRequest&) -> Result<HttpResponse> {
    stop.request_stop();
    return retryable(ErrorCode::kUnavailable, "x");
  });
  CHECK(
      is_error(bench.transport.send(quick_get(kUrl), nullptr, stop.get_token()), ErrorCode::kCancelled, Retry::kNever));
}

TEST_CASE("backoff: waits lie between nothing and a doubling, capped limit") {
  Backoff backoff(Millis(500), Millis(60'000), 7);
  Millis longest{0};
  for (int i = 0; i < 200; ++i) longest = std::max(longest, backoff.next(2));
  CHECK(longest <= Millis(2000));
  CHECK(longest > Millis(1500));
  for (int i = 0; i < 200; ++i) CHECK(backoff.next(50) <= Millis(60'000));
}

TEST_CASE("T30 authenticated transport: a 401 to a safe call leads to one renewal and one repeat") {
  FakeTransport server;
  CountingAuth auth;
  AuthenticatedTransport transport(server, auth);
  server.push(401, "");
  server.push(200, "ok");
  CHECK(transport.send(quick_get(kUrl), nullptr, {})->body == "ok");
  CHECK(*server.requests().back().credentials.find("authorization") == "Bearer t2");

  server.push(401, "");
  server.push(401, "");
  CHECK(transport.send(quick_get(kUrl), nullptr, {})->status == 401);
  CHECK(server.requests().size() == 4);
  CHECK(auth.refreshes == 2);

  server.push(401, "");
  CHECK(transport.send(spending_post(kUrl), nullptr, {})->status == 401);
  CHECK(auth.refreshes == 2);
}

TEST_CASE("T30 authenticated transport: credentials another worker renewed are used without renewing again") {
  FakeTransport server;
  CountingAuth auth;
  AuthenticatedTransport transport(server, auth);
  server.push([&](const HttpRequest& request) -> Result<HttpResponse> {
    ++auth.tokens;
    return HttpResponse{401, {}, "", request.url};
  });
  server.push(200, "");
  CHECK(transport.send(quick_get(kUrl), nullptr, {})->status == 200);
  CHECK(auth.refreshes == 0);
}

TEST_CASE("T31 authenticated transport: fixed credentials are not tried twice") {
  FakeTransport server;
  BearerAuth bearer{Secret("abc")};
  AuthenticatedTransport transport(server, bearer);
  server.push(401, "");
  CHECK(transport.send(quick_get(kUrl), nullptr, {})->status == 401);
  CHECK(*server.requests().front().credentials.find("Authorization") == "Bearer abc");

  BasicAuth basic("Aladdin", Secret("open sesame"));
  HttpRequest request = quick_get(kUrl);
  CHECK(basic.authorize(request, {}));
  CHECK(*request.credentials.find("Authorization") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_CASE("http status: what a status means without the provider's own words") {
  const auto now = parse_rfc3339("2026-03-15T12:00:00Z").value();
  const auto error = [&](int status, Headers headers = {}) {
    return error_from_status({status, headers, "", Url::parse(kUrl + "?secret=1").value()}, "licenses", now);
  };
  CHECK(error(401).code == ErrorCode::kUnauthorized);
  CHECK(error(403).code == ErrorCode::kUnauthorized);
  CHECK(error(404).code == ErrorCode::kNotFound);
  CHECK(error(410).code == ErrorCode::kGone);
  CHECK(error(400).code == ErrorCode::kProtocol);
  CHECK(error(400).retry == Retry::kNever);
  CHECK(error(429).code == ErrorCode::kThrottled);
  CHECK(error(503).retry == Retry::kAfterBackoff);
  CHECK(error(503, {{"Retry-After", "9"}}).retry == Retry::kAt);
  CHECK(error(503).message == "licenses: https://api.example.test/v2 answered 503");
  CHECK(error(503).http_status == 503);
}
