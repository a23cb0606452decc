#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "storage/base/text.h"
#include "tests/integration/desk.h"

namespace damsync {

TEST_CASE("T31 credentials: a token that is refused for ever ends in 77 without a storm of calls") {
  Desk desk(2);
  desk.refusals_expected = true;
  desk.sim.edit([](ShutterstockState& state) { state.tokens.clear(); });

  const Json run = desk.sync(77);

  CHECK_FALSE(flag(run, "ok"));
  CHECK(text(Desk::account_of(run), "error_code") == "unauthorized");
  CHECK(holds(text(Desk::account_of(run), "error"), "token"));
  CHECK(desk.requests().size() <= 4);
}

TEST_CASE("account: one whose provider is another than it was is refused by itself, and says what to do") {
  Desk desk(1);
  desk.sync();
  desk.account["provider"] = "\"getty\"";
  desk.account["api_key"] = desk.account["client_secret"] = desk.account["access_token"];
  desk.account.erase("access_token");
  desk.account["token_url"] = desk.account["base_url"];
  desk.write_settings();

  const Json run = desk.sync(78);

  CHECK(text(Desk::account_of(run), "error_code") == "settings");
  const std::string said = "of provider shutterstock in the catalog, and of getty in the settings";
  CHECK(holds(text(Desk::account_of(run), "error"), said));
  CHECK(holds(desk.damsync({"status"}).out, said));
}

TEST_CASE("T29 credentials: a missing scope ends in 77 and is named") {
  Desk desk(2);
  desk.refusals_expected = true;
  desk.sim.edit(
      [](ShutterstockState& state) { state.tokens[std::string(kSandboxToken)].scopes.erase("licenses.view"); });

  const Json run = desk.sync(77);

  const std::string error = text(Desk::account_of(run), "error");
  CHECK_MESSAGE(holds(error, "licenses.view"), error);
  CHECK(desk.requests().size() <= 6);
}

TEST_CASE("T30 credentials: a token that runs out in the middle of a run is renewed by the refresh token") {
  Desk desk(4);
  desk.refusals_expected = true;  // the 401 of the old token
  desk.sim.edit([](ShutterstockState& state) {
    state.refresh_tokens["v2/canary-refresh-token"] = state.tokens[std::string(kSandboxToken)];
  });
  desk.write_file("refresh", "v2/canary-refresh-token\n");
  desk.write_file("client-secret", "sandbox-secret\n");
  desk.account["refresh_token"] = "{ file = \"" + (desk.dir / "refresh") + "\" }";
  desk.account["client_id"] = "\"sandbox-client\"";
  desk.account["client_secret"] = "{ file = \"" + (desk.dir / "client-secret") + "\" }";
  desk.write_settings();
  desk.secrets = {std::string(kSandboxToken), "sandbox-secret"};
  bool over = false;
  desk.before = [&](SimRequest& request) {
    if (over || request.method != "POST" || !request.path.ends_with("/downloads")) return;
    over = true;
    desk.sim.edit([](ShutterstockState& state) { state.tokens.clear(); });
  };

  const Json run = desk.sync();

  CHECK(over);
  CHECK(number(Desk::account_of(run), "files_mirrored") == 4);
  CHECK(desk.count("POST /v2/oauth/access_token") <= 2);
  desk.before = nullptr;
  desk.sync();  // whatever was rotated is still known
}

TEST_CASE("credentials: client id and secret are used where the service takes them, the token elsewhere") {
  Desk desk(2);
  desk.write_file("client-secret", "sandbox-secret\n");
  desk.account["client_id"] = "\"sandbox-client\"";
  desk.account["client_secret"] = "{ file = \"" + (desk.dir / "client-secret") + "\" }";
  desk.write_settings();
  desk.secrets.push_back("sandbox-secret");
  desk.secrets.push_back("c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ=");

  desk.sync();

  std::set<std::string> basic, bearer;
  for (const auto& request : desk.requests()) {
    const std::string* header = request.header("Authorization");
    if (header != nullptr) (header->starts_with("Basic ") ? basic : bearer).insert(request.path);
  }
  CHECK(bearer.count("/v2/images/licenses") == 1);
  CHECK(basic.count("/v2/images/licenses") == 0);
  CHECK(basic.count("/v2/images/updated") == 1);
}

TEST_CASE("S4 secrets: a service that echoes our token in its error does not make us print it") {
  Desk desk(1);
  desk.refusals_expected = true;
  const std::string echo = R"({"message":"Bearer )" + std::string(kSandboxToken) + R"( is not welcome"})";
  desk.sim.faults().always("GET /v2/images/licenses", fault::status(403, echo));

  desk.calls_comparable = false;
  CHECK(desk.damsync({"sync"}).exit_code == 77);
  CHECK(desk.damsync({"sync", "-v", "--log-format", "json"}).exit_code == 77);
  desk.damsync({"list", "runs", "--json"});
  desk.damsync({"status", "--json"});
  desk.damsync({"config", "show"});
}

TEST_CASE("S1 secrets: a token file that others can read is refused") {
  Desk desk(1);
  desk.write_file("token", std::string(kSandboxToken), 0644);

  const ProgramResult result = desk.damsync({"sync"});

  CHECK(result.exit_code == 78);
  CHECK(holds(result.err + result.out, desk.dir / "token"));
  CHECK(desk.requests().empty());
}

TEST_CASE("calls: a provider that cannot be reached ends in 69 and nothing is lost") {
  Desk desk(2);
  desk.sync();
  const auto before = desk.tree();
  desk.account["base_url"] = "\"http://127.0.0.1:1\"";
  desk.write_settings();

  const ProgramResult result = desk.damsync({"sync", "--json"});

  CHECK(result.exit_code == 69);
  CHECK_MESSAGE(holds(result.out, "127.0.0.1: cannot connect to port 1"), result.out);
  CHECK(desk.tree() == before);
}

}  // namespace damsync
