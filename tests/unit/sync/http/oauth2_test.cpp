#include <doctest/doctest.h>

#include "sync/http/oauth2_auth.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_transport.h"
#include "tests/unit/sync/http/http_bench.h"

using namespace damsync;

namespace {

OAuth2Settings account(OAuth2Grant grant) {
  OAuth2Settings settings;
  settings.token_url = Url::parse("https://auth.example.test/token").value();
  settings.grant = grant;
  settings.client_id = "client";
  settings.client_secret = Secret("s&cret");
  return settings;
}

struct OAuthBench {
  FakeClock clock;
  FakeTransport server;
  Redactor redactor;
  std::vector<std::string> saved;
  Status save_result;
  Result<Secret> stored = Secret();  ///< what stands in the file
  OAuth2Settings settings = account(OAuth2Grant::kClientCredentials);
  std::unique_ptr<OAuth2Auth> auth;

  OAuth2Auth& start() {
    auth = std::make_unique<OAuth2Auth>(
        settings, server, clock, redactor,
        [this](const Secret& token) {
          saved.push_back(token.reveal());
          return save_result;
        },
        [this] { return stored; });
    return *auth;
  }
  Status authorize() {
    HttpRequest request = quick_get("https://api.example.test/");
    Status done = auth->authorize(request, {});
    const std::string* field = request.credentials.find("Authorization");
    sent = field == nullptr ? "" : *field;
    return done;
  }
  std::string sent;
};

}  // namespace

TEST_CASE_FIXTURE(OAuthBench, "oauth2: each grant sends its own form and the token is used until it grows old") {
  start();
  server.push(200, R"({"access_token":"one","token_type":"Bearer","expires_in":3600})");
  CHECK(authorize());
  CHECK(sent == "Bearer one");
  CHECK(server.requests().back().body == "grant_type=client_credentials&client_id=client&client_secret=s%26cret");
  CHECK(server.requests().back().method == Method::kPost);

  clock.advance(Millis(3'299'000));
  CHECK(authorize());
  CHECK(server.requests().size() == 1);
  clock.advance(Millis(1'000));
  server.push(200, R"({"access_token":"two","expires_in":"1800"})");
  CHECK(authorize());
  CHECK(sent == "Bearer two");
  CHECK(redactor.redact("is two hidden? one? abcd").find("abcd") != std::string::npos);

  settings = account(OAuth2Grant::kPassword);
  settings.username = "me";
  settings.password = Secret("p w");
  settings.api_key = Secret("key");
  start();
  server.push(200, R"({"access_token":"three","expires_in":null})");
  CHECK(authorize());
  CHECK(server.requests().back().body.starts_with("grant_type=password&username=me&password=p%20w&"));
}

TEST_CASE_FIXTURE(OAuthBench, "T32 oauth2: while the endpoint is out of order the old token serves until it ends") {
  start();
  server.push(200, R"({"access_token":"old","expires_in":3600})");
  CHECK(authorize());
  clock.advance(Millis(3'400'000));
  server.push(200, "<html>login</html>");
  CHECK(authorize());
  CHECK(sent == "Bearer old");
  CHECK(authorize());
  CHECK(server.requests().size() == 2);

  clock.advance(Millis(200'000));
  server.push(500, "");
  const auto ended = authorize();
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == ErrorCode::kUnavailable);
  CHECK(ended.error().retry == Retry::kAfterBackoff);
}

TEST_CASE_FIXTURE(OAuthBench, "T33 oauth2: unusable token answers are refused") {
  struct Row {
    std::string body;
    Retry retry;
  };
  for (const auto& row : std::vector<Row>{
           {"{}", Retry::kAfterBackoff},
           {"[]", Retry::kAfterBackoff},
           {R"({"access_token":null})", Retry::kAfterBackoff},
           {R"({"access_token":""})", Retry::kAfterBackoff},
           {R"({"access_token":5})", Retry::kAfterBackoff},
           {R"({"access_token":"a","expires_in":""})", Retry::kAfterBackoff},
           {R"({"access_token":"a","expires_in":"soon"})", Retry::kAfterBackoff},
           {R"({"access_token":"a","expires_in":true})", Retry::kAfterBackoff},
           {R"({"access_token":")" + std::string(64 << 10, 'x') + "\"}", Retry::kAfterBackoff},
           {R"({"access_token":"a\r\nEvil: 1"})", Retry::kNever},
           {R"({"access_token":"a b"})", Retry::kNever},
       }) {
    CAPTURE(row.body.substr(0, 80));
    start();
    server.push(200, row.body);
    const auto done = authorize();
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::kProtocol);
    CHECK(done.error().retry == row.retry);
    CHECK(sent.empty());
  }
}

TEST_CASE_FIXTURE(OAuthBench, "T33 oauth2: lifetimes are clamped to a minute and a day") {
  const auto fetches_after = [&](const char* expires_in, Millis later) {
    start();
    const auto before = server.requests().size();
    server.push(200, std::string(R"({"access_token":"tok","expires_in":)") + expires_in + "}");
    CHECK(authorize());
    clock.advance(later);
    server.push(200, R"({"access_token":"tok2"})");
    CHECK(authorize());
    return server.requests().size() - before;
  };
  CHECK(fetches_after("-1", Millis(61'000)) == 2);
  CHECK(fetches_after("\"-1\"", Millis(61'000)) == 2);
  CHECK(fetches_after("1e9", Millis(86'500'000)) == 2);
  CHECK(fetches_after("1e9", Millis(80'000'000)) == 1);
  CHECK(fetches_after("null", Millis(90'000'000)) == 1);
}

TEST_CASE_FIXTURE(OAuthBench, "T34 oauth2: a token of another type stops the account") {
  start();
  server.push(200, R"({"access_token":"a","token_type":"mac"})");
  const auto done = authorize();
  REQUIRE_FALSE(done);
  CHECK(done.error().retry == Retry::kNever);
}

TEST_CASE_FIXTURE(OAuthBench, "T31 oauth2: the endpoint is asked at most once a minute") {
  start();
  server.push(400, R"({"error":"invalid_client","error_description":"s&cret is wrong"})");
  const auto refused = authorize();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kUnauthorized);
  CHECK(refused.error().retry == Retry::kNever);
  CHECK(refused.error().message.find("invalid_client") != std::string::npos);
  CHECK(refused.error().message.find("cret") == std::string::npos);
  for (int i = 0; i < 10; ++i) CHECK_FALSE(authorize());
  CHECK(server.requests().size() == 1);

  clock.advance(Millis(61'000));
  server.push(200, R"({"access_token":"good"})");
  CHECK(authorize());
  const auto again = auth->refresh({});
  REQUIRE(again);
  CHECK_FALSE(*again);
  clock.advance(Millis(61'000));
  server.push(200, R"({"access_token":"better"})");
  CHECK(*auth->refresh({}));
  CHECK(authorize());
  CHECK(sent == "Bearer better");
}

TEST_CASE_FIXTURE(OAuthBench, "T35 oauth2: a replaced refresh token is saved before anything is sent with it") {
  settings = account(OAuth2Grant::kRefreshToken);
  settings.access_token = Secret("first");
  settings.refresh_token = Secret("r1");
  start();
  CHECK(authorize());
  CHECK(sent == "Bearer first");
  CHECK(server.requests().empty());

  server.push(200, R"({"access_token":"second","refresh_token":"r2"})");
  CHECK(*auth->refresh({}));
  CHECK(server.requests().back().body.starts_with("grant_type=refresh_token&refresh_token=r1&"));
  CHECK(saved == std::vector<std::string>{"r2"});

  clock.advance(Millis(61'000));
  save_result = make_error(ErrorCode::kStorage, "disk full");
  server.push(200, R"({"access_token":"third","refresh_token":"r3"})");
  CHECK_FALSE(auth->refresh({}));
  const auto blocked = authorize();
  REQUIRE_FALSE(blocked);
  CHECK(blocked.error().code == ErrorCode::kStorage);
  CHECK(blocked.error().retry == Retry::kNever);
  CHECK(blocked.error().message.find("refresh token") != std::string::npos);
  CHECK(sent.empty());

  save_result = Status();
  CHECK(authorize());
  CHECK(sent == "Bearer third");
  CHECK(saved.back() == "r3");
}

TEST_CASE_FIXTURE(
    OAuthBench,
    "T35 oauth2: a refresh token that is refused is read anew, since another process may have replaced it") {
  settings = account(OAuth2Grant::kRefreshToken);
  settings.refresh_token = Secret("old-refresh");
  stored = Secret("new-refresh");
  start();
  server.push(400, R"({"error":"invalid_grant"})");
  server.push(200, R"({"access_token":"good"})");
  CHECK(authorize());
  CHECK(sent == "Bearer good");
  CHECK(server.requests().back().body.starts_with("grant_type=refresh_token&refresh_token=new-refresh&"));
  CHECK(redactor.redact("new-refresh") == "***");
}

TEST_CASE_FIXTURE(
    OAuthBench,
    "T31 oauth2: a refused refresh token is not asked for again when the stored one is the same, gone or unreadable") {
  settings = account(OAuth2Grant::kRefreshToken);
  settings.refresh_token = Secret("only-refresh");
  for (const Result<Secret>& there : {Result<Secret>(Secret("only-refresh")), Result<Secret>(Secret()),
                                      Result<Secret>(make_error(ErrorCode::kSettings, "cannot open"))}) {
    stored = there;
    start();
    const auto before = server.requests().size();
    server.push(400, R"({"error":"invalid_grant"})");
    CHECK(authorize().error().code == ErrorCode::kUnauthorized);
    CHECK(server.requests().size() == before + 1);
  }
}
