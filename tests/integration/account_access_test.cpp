#include "sync/providers/account_access.h"

#include <doctest/doctest.h>

#include "tests/support/connect_account.h"
#include "tests/support/getty_account.h"
#include "tests/unit/simulators/sim_client.h"

namespace damsync {
namespace {

struct GettyDesk : GettyAccount {
  std::unique_ptr<AccountAccess> access() { return make_account_access(settings, clock, log).value(); }
  /// What the log-in page sends the browser to.
  std::string agree(const std::string& page) {
    const auto answer = sim.handle(sim_request("GET", target_of(page), ""));
    CHECK(answer.status == 302);
    return header_of(answer, "Location");
  }
};

Secret code_in(const std::string& address) {
  const auto begin = address.find("code=") + 5;
  return Secret(address.substr(begin, address.find('&', begin) - begin));
}

}  // namespace

TEST_CASE_FIXTURE(GettyDesk,
                  "getty access: a code of the log-in page brings a refresh token that the account lives on") {
  settings.username.clear();
  settings.password = Secret();
  const LoginAttempt attempt{"https://desk.example.org/back", "state-1", true};
  const auto page = access()->login_url(attempt);
  REQUIRE(page.ok());
  CHECK(page->starts_with(sim.base_url() + "/oauth2/auth?client_id=sandbox-key&"));
  const std::string address = agree(*page);
  CHECK(address.starts_with("https://desk.example.org/back?code="));
  CHECK(address.ends_with("&state=state-1"));

  const auto tokens = access()->redeem(attempt, code_in(address), {});

  REQUIRE(tokens.ok());
  CHECK(tokens->refresh_token.reveal() == "refresh-anna");
  CHECK(redactor.redact("refresh-anna") == "***");
  settings.refresh_token = tokens->refresh_token;
  const auto report = access()->check({});
  REQUIRE(report.ok());
  CHECK(report->lifetime.find("the refresh token") != std::string::npos);
}

TEST_CASE_FIXTURE(GettyDesk, "getty access: a code is good once, and for the same redirect only") {
  const LoginAttempt attempt{"https://desk.example.org/back", "state-1", true};
  const Secret code = code_in(agree(access()->login_url(attempt).value()));
  const auto elsewhere = access()->redeem({"https://desk.example.org/other", "state-1", true}, code, {});
  REQUIRE_FALSE(elsewhere.ok());
  CHECK(elsewhere.error().code == ErrorCode::kUnauthorized);
  CHECK(elsewhere.error().message.find("invalid_grant") != std::string::npos);
  CHECK(access()->redeem(attempt, code, {}).ok());
  CHECK_FALSE(access()->redeem(attempt, code, {}).ok());
}

TEST_CASE_FIXTURE(GettyDesk, "getty access: check reads the download history and tells what is refused") {
  settings.company_downloads = true;
  const auto fine = access()->check({});
  REQUIRE(fine.ok());
  CHECK(fine->missing.empty());
  sim.faults().always("GET /v3/downloads", fault::status(403, R"({"ErrorCode":"Forbidden","ErrorMessage":"no"})"));
  CHECK(access()->check({}).error().code == ErrorCode::kUnauthorized);
  settings.client_secret = Secret("wrong");
  CHECK(access()->check({}).error().code == ErrorCode::kUnauthorized);
}

TEST_CASE_FIXTURE(GettyDesk,
                  "getty access: downloads of the company that are not allowed are named as what is missing") {
  settings.company_downloads = true;
  sim.faults().add({.route = "GET /v3/downloads",
                    .first = 2,
                    .times = 1,
                    .action = fault::status(403, R"({"ErrorCode":"Forbidden","ErrorMessage":"no"})")});
  const auto report = access()->check({});
  REQUIRE(report.ok());
  REQUIRE(report->missing.size() == 1);
  CHECK(report->missing.front().name == "company_downloads");
}

TEST_CASE_FIXTURE(ConnectAccount, "getty connect access: check asks for a token, and there is no page to log in on") {
  const auto access = [&] { return make_account_access(settings, clock, log).value(); };
  CHECK(access()->check({}).ok());
  CHECK(access()->login_url({}).error().code == ErrorCode::kUsage);
  CHECK(access()->redeem({}, Secret("code"), {}).error().code == ErrorCode::kUsage);
  settings.user_password = Secret("wrong");
  CHECK(access()->check({}).error().code == ErrorCode::kUnauthorized);
}

}  // namespace damsync
