#include "sync/providers/provider_factory.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/support/fake_clock.h"

using namespace damsync;

namespace {

struct Bench {
  FakeClock clock;
  Redactor redactor;
  Log log{STDERR_FILENO, clock, redactor};
  ProviderSettings settings;

  Bench() {
    settings.account = "newsroom";
    settings.provider = "shutterstock";
    settings.base_url = "https://api.shutterstock.com";
    settings.access_token = Secret("v2/token-of-a-test");
  }
  std::string refusal() {
    const auto connection = make_connection(settings, clock, log);
    if (connection) return {};
    CHECK(connection.error().code == ErrorCode::kSettings);
    return connection.error().message;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Bench, "provider factory: a Shutterstock account is ready without a call") {
  const auto connection = make_connection(settings, clock, log);
  REQUIRE(connection.ok());
  CHECK((*connection)->provider().name() == "shutterstock");
  CHECK((*connection)->calls().free == 0);
  CHECK((*connection)->calls().spending == 0);
}

TEST_CASE_FIXTURE(Bench, "provider factory: a refresh token with its client stands in for an access token") {
  settings.access_token = Secret();
  CHECK(refusal().find("access_token is missing") != std::string::npos);
  settings.refresh_token = Secret("refresh-of-a-test");
  CHECK(refusal().find("access_token is missing") != std::string::npos);
  settings.client_id = "client";
  settings.client_secret = Secret("secret-of-a-test");
  CHECK(refusal().empty());
}

TEST_CASE_FIXTURE(Bench, "provider factory: unusable settings are refused by name") {
  settings.token_url = "ftp://example.org";
  CHECK(refusal().find("token_url") != std::string::npos);
  settings.token_url.clear();
  settings.base_url = "api.shutterstock.com";
  CHECK(refusal().find("base_url") != std::string::npos);
  settings.base_url = "https://api.shutterstock.com";
  settings.provider = "elsewhere";
  CHECK(refusal().find("'elsewhere'") != std::string::npos);
}
