#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "storage/base/clock.h"
#include "tests/integration/desk.h"

namespace damsync {
namespace {

std::string read_all(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Waits until `done`, for as long as a busy machine may need.
bool within_deadline(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < deadline) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return done();
}

}  // namespace

TEST_CASE("changes: the feed is one JSON object a line, with or without --json") {
  Desk desk(2);
  desk.sync();
  const auto all = lines_of(desk.damsync({"changes"}).out);
  REQUIRE(all.size() >= 6);
  for (const auto* name :
       {"seq", "id", "time", "type", "provider", "account", "asset_id", "license_id", "revision", "fields", "cursor"})
    CHECK(all.front().find(name) != nullptr);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(number(all[i], "seq") == static_cast<std::int64_t>(i) + 1);
  CHECK(lines_of(desk.damsync({"--json", "changes"}).out) == all);

  CHECK(lines_of(desk.damsync({"changes", "--since", "2"}).out) == std::vector<Json>(all.begin() + 2, all.end()));
  CHECK(lines_of(desk.damsync({"changes", "--since", text(all[3], "cursor")}).out) ==
        std::vector<Json>(all.begin() + 4, all.end()));
  CHECK(lines_of(desk.damsync({"changes", "--since", "1d"}).out) == all);
  CHECK(desk.damsync({"changes", "--since", "2999-01-01"}).out.empty());
}

TEST_CASE("changes: a place that the feed does not have is refused, and so is what is no place") {
  Desk desk(1);
  CHECK(desk.damsync({"changes"}).exit_code == 0);  // no catalog yet
  desk.sync();
  const auto all = lines_of(desk.damsync({"changes"}).out);
  CHECK(desk.damsync({"changes", "--since", std::to_string(all.size() + 1)}).exit_code == 78);
  CHECK(desk.damsync({"changes", "--since", "c1-" + std::string(26, '0')}).exit_code == 78);
  CHECK(desk.damsync({"changes", "--since", "yesterday"}).exit_code == 2);
  CHECK(desk.damsync({"changes", "--since", "c1"}).exit_code == 2);
}

TEST_CASE("changes: --follow prints what is committed later and ends with 0 by SIGTERM") {
  Desk desk(1);
  ProgramCall call = desk.call({"changes", "--follow"});
  call.output_file = desk.dir / "feed.ndjson";
  Program follower(call);  // before there is a catalog
  desk.sync();
  const auto printed = [&] { return read_all(call.output_file); };
  REQUIRE(within_deadline([&] { return !printed().empty() && printed() == desk.damsync({"changes"}).out; }));
  desk.add_image("999001");
  desk.add_license("999001", SystemClock().utc() - std::chrono::hours(1));
  desk.sync();
  CHECK(within_deadline([&] { return holds(printed(), "999001") && printed() == desk.damsync({"changes"}).out; }));
  follower.signal(SIGTERM);
  CHECK(follower.wait().exit_code == 0);
}

TEST_CASE("C5 changes: --follow ends by itself with 74 when nobody reads any more") {
  Desk desk(1);
  desk.sync();
  ProgramCall call = desk.call({"changes", "--follow"});
  ProgramCall piped;
  std::string command = "(";
  for (const auto& word : call.argv) command += "'" + word + "' ";
  command += "; echo $? > '" + (desk.dir / "code") + "') | head -n 1";
  piped.argv = {"/bin/sh", "-c", command};
  piped.environment = call.environment;
  const ProgramResult result = run_program(piped);
  CHECK(lines_of(result.out).size() == 1);
  CHECK(read_all(desk.dir / "code") == "74\n");
}

TEST_CASE("changes: --follow stops with 78 when an older catalog takes the place of the one it follows") {
  Desk desk(1);
  desk.sync();
  const std::string backup = desk.dir / "backup.db";
  CHECK(desk.damsync({"db", "backup", backup}).exit_code == 0);
  desk.add_image("999001");
  desk.add_license("999001", SystemClock().utc() - std::chrono::hours(1));
  desk.sync();
  ProgramCall call = desk.call({"changes", "--follow"});
  call.output_file = desk.dir / "feed.ndjson";
  Program follower(call);
  REQUIRE(within_deadline([&] { return holds(read_all(call.output_file), "999001"); }));
  CHECK(desk.damsync({"db", "restore", backup}).exit_code == 0);
  const ProgramResult ended = follower.wait();
  CHECK(ended.exit_code == 78);
  CHECK(holds(ended.err, "read from the beginning"));
}

}  // namespace damsync
