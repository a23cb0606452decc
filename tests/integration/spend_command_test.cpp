#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include "storage/files/instance_lock.h"
#include "sync/http/json_reader.h"
#include "tests/support/paths.h"
#include "tests/support/spend_bench.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

struct Ran {
  int code = -1;
  std::string out;  ///< both streams
};

/// A catalog with one spent, one parked and one open row, and settings that name it.
struct SpendCommandBench {
  SpendCommandBench() {
    std::ofstream settings(dir / "damsync.toml");
    settings << fmt::format(
        "[store]\nroot = \"{0}/store\"\n[catalog]\npath = \"{0}/catalog.db\"\n"
        "[[account]]\nname = \"newsroom\"\nprovider = \"getty\"\napi_key = {{ env = \"NO_KEY\" }}\n"
        "client_secret = {{ env = \"NO_SECRET\" }}\n",
        dir.path().string());
    settings.close();
    ::chmod((dir / "damsync.toml").c_str(), 0600);
    provider.charge_for_files(dir / "books");
    for (const char* id : {"1", "2", "3"}) provider.add(id, std::string("l-") + id);
    provider.spend_answer = [](const License& license, DownloadSource source) -> Result<DownloadSource> {
      if (license.asset_id != "1") return make_error(ErrorCode::kUnknownOutcome, "no answer");
      return source;
    };
    SpendBench bench(dir.path().string(), provider, clock);
    bench.hold(provider.history);
    clock.advance(std::chrono::minutes(1));
    for (const char* license : {"l-1", "l-2", "l-3"}) (void)bench.acquire(license);
    bench.ledger.park(2, "the history cannot tell");
  }

  [[nodiscard]] Ran run(const std::string& arguments) const {
    const std::string command =
        fmt::format("SUDO_USER=anna '{}' -c '{}' {} 2>&1", damsync_binary(), dir / "damsync.toml", arguments);
    Ran ran;
    FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> buffer;
    while (const auto got = std::fread(buffer.data(), 1, buffer.size(), pipe)) ran.out.append(buffer.data(), got);
    ran.code = WEXITSTATUS(::pclose(pipe));
    return ran;
  }
  [[nodiscard]] Json row(int number) const {
    std::istringstream lines(run("list spends --json").out);
    std::string line;
    for (int i = 0; i < number; ++i) REQUIRE(std::getline(lines, line));
    return *parse_json(line);
  }

  TempDir dir;
  FakeClock clock;
  ScriptedProvider provider;
};

std::string text_of(const Json& row, std::string_view key) {
  const Json* value = row.find(key);
  REQUIRE(value != nullptr);
  return value->if_string() != nullptr ? *value->if_string() : write_json(*value);
}

}  // namespace

TEST_CASE_FIXTURE(SpendCommandBench, "list spends: every field of the contract, and never the address of a paid file") {
  const Json spent = row(1);
  CHECK(text_of(spent, "spend_id") == "1");
  CHECK(text_of(spent, "provider") == "scripted");
  CHECK(text_of(spent, "account") == "newsroom");
  CHECK(text_of(spent, "asset_id") == "1");
  CHECK(text_of(spent, "operation") == "download");
  CHECK(text_of(spent, "intended_at") == "2026-03-15T00:01:00Z");
  CHECK(text_of(spent, "outcome") == "spent");
  CHECK(text_of(spent, "provider_ref") == "https://files.example.org/***");
  CHECK(text_of(row(2), "outcome") == "open");
  CHECK(text_of(row(2), "parked_reason") == "the history cannot tell");
  CHECK(text_of(row(2), "provider_ref") == "null");
  for (const char* form : {"list spends", "list spends --json", "status", "status --json"})
    CHECK(run(form).out.find("token=paid") == std::string::npos);
  CHECK(run("list spends --state open --json").out.find("\"spend_id\":\"1\"") == std::string::npos);
  CHECK(run("list spends --state held").code == 2);
}

TEST_CASE_FIXTURE(SpendCommandBench, "status: a parked spend needs a person") {
  const Ran status = run("status");
  CHECK(status.out.find("2 not settled yet, 1 of them parked") != std::string::npos);
  CHECK(status.out.find("damsync list spends --state open") != std::string::npos);
  CHECK(run("status --check").code == 3);
}

TEST_CASE_FIXTURE(SpendCommandBench, "spend settle and forget: decide an open row once, with who and why") {
  CHECK(run("spend settle 2 --reason 'the invoice lists it'").code == 0);
  CHECK(run("spend forget 3 --reason 'support has cancelled it' --json").code == 0);
  CHECK(text_of(row(2), "outcome") == "spent");
  CHECK(text_of(row(2), "decided_by") == "anna");
  CHECK(text_of(row(2), "decision_reason") == "the invoice lists it");
  CHECK(text_of(row(3), "outcome") == "not_spent");
  for (const char* again : {"spend forget 2 --reason x", "spend settle 3 --reason x", "spend forget 1 --reason x"}) {
    const Ran refused = run(again);
    CHECK(refused.code == 2);
    CHECK(refused.out.find("decided already") != std::string::npos);
  }
  CHECK(text_of(row(2), "decision_reason") == "the invoice lists it");
}

TEST_CASE_FIXTURE(SpendCommandBench, "spend settle: wrong words change nothing") {
  for (const char* wrong : {"spend settle 2", "spend settle 2 --reason ''", "spend settle 99 --reason x",
                            "spend settle two --reason x", "spend settle 2x --reason x", "spend undo 2 --reason x"})
    CHECK_MESSAGE(run(wrong).code == 2, wrong);
  CHECK(text_of(row(2), "outcome") == "open");
}

TEST_CASE_FIXTURE(SpendCommandBench, "spend settle: while another damsync holds the state it has to wait") {
  const auto lock = InstanceLock::take(dir / "catalog.db.lock");
  REQUIRE(lock.ok());
  CHECK(run("spend settle 2 --reason x").code == 75);
  CHECK(text_of(row(2), "outcome") == "open");
}

}  // namespace damsync
