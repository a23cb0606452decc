#include <doctest/doctest.h>

#include "sync/providers/getty_connect/token_source.h"
#include "sync/providers/getty_connect/token_transport.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_transport.h"

using namespace damsync;
using namespace damsync::getty_connect;

namespace {

std::string token_json(const std::string& token, const std::string& minutes = "30") {
  return R"({"token":{"coordination_id":"c","ssl_token":"ssl","token":")" + token + R"(","token_duration_minutes":)" +
         minutes + "}}";
}

struct Bench {
  FakeClock clock;
  Redactor redactor;
  FakeTransport endpoint;  ///< of tokens
  FakeTransport service;
  Url base = Url::parse("https://connect.example.org").value();
  TokenSource tokens{{.url = base.with_target("/api/token"),
                      .application_key = Secret("app-key"),
                      .application_secret = Secret("app-secret"),
                      .user_id = "user",
                      .user_password = Secret("pass word")},
                     endpoint,
                     clock,
                     redactor};
  TokenTransport transport{{.username = "user", .header = "Digest {token}"}, tokens, service};

  Result<HttpResponse> get() {
    HttpRequest request;
    request.url = base.with_target("/api/images/51");
    return transport.send(request, nullptr, {});
  }
  std::string sent(std::size_t index) { return *service.requests().at(index).credentials.find("Authorization"); }
  void challenge(const std::string& more = "") {
    service.push(401, "[]", {{"WWW-Authenticate", "Digest realm=\"r\", qop=\"auth\", nonce=\"n1\"" + more}});
  }
};

}  // namespace

TEST_CASE_FIXTURE(Bench,
                  "connect token: all five parameters are sent, and the token is kept and known to the redactor") {
  endpoint.push(200, token_json("token-1"));
  CHECK(tokens.current({})->reveal() == "token-1");
  CHECK(tokens.current({})->reveal() == "token-1");
  REQUIRE(endpoint.requests().size() == 1);
  const auto& request = endpoint.requests()[0];
  CHECK(request.method == Method::kPost);
  CHECK(request.url.target() == "/api/token");
  CHECK(request.body.starts_with(
      "application_key=app-key&application_secret=app-secret&user_id=user&user_password=pass%20word&coordination_id="));
  CHECK(redactor.redact("token-1") == "***");
}

TEST_CASE_FIXTURE(Bench, "connect token: it is renewed before its half hour is over, once a minute at most") {
  endpoint.push(200, token_json("token-1"));
  endpoint.push(503, "");
  endpoint.push(200, token_json("token-2", "\"30\""));
  REQUIRE(tokens.current({}).ok());
  clock.advance(std::chrono::minutes(24));
  CHECK(tokens.current({})->reveal() == "token-1");
  clock.advance(std::chrono::minutes(2));
  CHECK(tokens.current({})->reveal() == "token-1");  // the service is out of order, the old token holds
  CHECK(tokens.current({})->reveal() == "token-1");
  CHECK(endpoint.requests().size() == 2);
  clock.advance(std::chrono::minutes(1));
  CHECK(tokens.current({})->reveal() == "token-2");
}

TEST_CASE_FIXTURE(Bench, "connect token: refused credentials are an answer, and are not offered again at once") {
  endpoint.push(401, R"([{"status":401,"error":"not recognized"}])");
  for (int i = 0; i < 2; ++i) {
    const auto token = tokens.current({});
    REQUIRE_FALSE(token);
    CHECK(token.error().code == ErrorCode::kUnauthorized);
    CHECK(token.error().message.find("not recognized") != std::string::npos);
    CHECK(token.error().message.find("app-secret") == std::string::npos);
  }
  CHECK(endpoint.requests().size() == 1);
}

TEST_CASE("P1 connect token: an answer without a usable token is a retryable error") {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"token":"t"})", R"({"token":{}})", R"({"token":{"token":7}})",
                           R"({"token":{"token":"a b"}})", R"({"token":{"token":"a\r\nX: y"}})",
                           R"({"token":{"token":"t","token_duration_minutes":"soon"}})",
                           R"({"token":{"token":"t","token_duration_minutes":1.5}})"}) {
    CAPTURE(body);
    Bench bench;
    bench.endpoint.push(200, body);
    const auto token = bench.tokens.current({});
    REQUIRE_FALSE(token);
    CHECK(token.error().retry != Retry::kNever);
  }
}

TEST_CASE_FIXTURE(Bench, "connect token: until the service says otherwise the token stands in the header as set") {
  endpoint.push(200, token_json("token-1"));
  service.push(200, "{}");
  CHECK(get()->status == 200);
  CHECK(sent(0) == "Digest token-1");
}

TEST_CASE_FIXTURE(Bench,
                  "connect token: a challenge is answered, and the next call answers it at once, with a new count") {
  endpoint.push(200, token_json("token-1"));
  challenge();
  service.push(200, "{}");
  service.push(200, "{}");
  CHECK(get()->status == 200);
  CHECK(get()->status == 200);
  REQUIRE(service.requests().size() == 3);
  CHECK(sent(1).starts_with("Digest username=\"user\", realm=\"r\", nonce=\"n1\", uri=\"/api/images/51\""));
  CHECK(sent(1).find("nc=00000001") != std::string::npos);
  CHECK(sent(2).find("nc=00000002") != std::string::npos);
  CHECK(sent(1).find("token-1") == std::string::npos);
}

TEST_CASE_FIXTURE(Bench, "connect token: an answer that is refused asks for another token, a stale one does not") {
  endpoint.push(200, token_json("token-1"));
  endpoint.push(200, token_json("token-2"));
  challenge();
  service.push(200, "{}");
  CHECK(get()->status == 200);
  clock.advance(std::chrono::minutes(2));

  challenge(", stale=true");
  service.push(200, "{}");
  CHECK(get()->status == 200);
  CHECK(endpoint.requests().size() == 1);

  challenge();
  service.push(200, "{}");
  CHECK(get()->status == 200);
  CHECK(endpoint.requests().size() == 2);
}

TEST_CASE_FIXTURE(Bench, "connect token: a service that refuses every token is asked for one a minute") {
  for (int i = 0; i < 3; ++i) endpoint.push(200, token_json("token-" + std::to_string(i)));
  for (int i = 0; i < 6; ++i) service.push(401, "[]");
  for (int i = 0; i < 3; ++i) CHECK(get()->status == 401);
  CHECK(endpoint.requests().size() == 1);
  clock.advance(std::chrono::minutes(1));
  CHECK(get()->status == 401);
  CHECK(endpoint.requests().size() == 2);
  CHECK(sent(4) == "Digest token-1");
}

TEST_CASE_FIXTURE(Bench, "connect token: a refusal that stays is handed out after at most three calls") {
  endpoint.push(200, token_json("token-1"));
  for (int i = 0; i < 5; ++i) challenge(", stale=true");
  CHECK(get()->status == 401);
  CHECK(service.requests().size() == 3);
}
