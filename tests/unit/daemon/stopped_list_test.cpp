#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/cli/command.h"
#include "tests/unit/daemon/settings_bench.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// A catalog with two licenses and a change, and commands that read it.
struct ListBench : SettingsBench {
  ListBench() {
    CatalogBench bench(Database::open(dir.path() / "catalog.db", OpenMode::kWrite));
    for (const char* id : {"e1", "e2"}) bench.upsert(sample_license(id));
    bench.commit([&] { bench.journal.append(sample_change(EventType::kAssetLicensed)); });
    config = write("damsync.toml",
                   "[catalog]\npath = \"" + (dir.path() / "catalog.db").string() + "\"\n" + std::string(kMinimal));
  }

  /// How it ends when a stop is asked for before it begins to print, or never.
  ExitCode run(std::vector<const char*> words, std::stop_source stop) const {
    words.insert(words.begin(), {"damsync", "-c", config.c_str()});
    const auto commands = make_commands();
    const auto line = parse_command_line(static_cast<int>(words.size()), words.data(), commands);
    REQUIRE(line.kind == ParsedCommandLine::Kind::kRun);
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    Output out(nowhere);
    SystemClock clock;
    Redactor redactor;
    Log log(STDERR_FILENO, clock, redactor);
    StopSignals signals(stop);
    CommandContext context{line.options, out, log, clock, stop.get_token(), signals};
    const auto done = line.command->run(context);
    ::close(nowhere);
    REQUIRE(done.ok());
    return *done;
  }
  static std::stop_source stopped() {
    std::stop_source stop;
    stop.request_stop();
    return stop;
  }
  std::string config;
};

}  // namespace

TEST_CASE("lists: one that a signal cuts is not done") {
  const ListBench bench;
  for (const auto& words : {std::vector<const char*>{"list", "licenses"}, std::vector<const char*>{"changes"}}) {
    CHECK(bench.run(words, {}) == ExitCode::kDone);
    CHECK(bench.run(words, ListBench::stopped()) == ExitCode::kIncomplete);
  }
  CHECK(bench.run({"changes", "--follow"}, ListBench::stopped()) == ExitCode::kDone);  // it ends by a signal only
}

}  // namespace damsync
