#include "storage/base/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

/// A log into a file, and what stands in it.
class LogBench {
 public:
  LogBench() : fd_(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  ~LogBench() { ::close(fd_); }

  [[nodiscard]] Log log() { return {fd_, clock_, redactor}; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::string text() const {
    std::ifstream in(path_);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  Redactor redactor;

 private:
  TempDir dir_;
  std::string path_ = dir_ / "log";
  FakeClock clock_;
  int fd_;
};

}  // namespace

TEST_CASE_FIXTURE(LogBench, "log: one event is one line of time, level, event and fields") {
  log().info("sync.finished", {{"account", "newsroom"}, {"files", "3"}});
  CHECK(text() == "2026-03-15T00:00:00Z info sync.finished account=newsroom files=3\n");
}

TEST_CASE_FIXTURE(LogBench, "W5 log: control characters cannot forge a line and values with blanks are quoted") {
  log().warning("item.refused", {{"title", "a\nb\x1b[31m \"c\""}, {"empty", ""}, {"utf8", "\xc3\xa4\xff"}});
  CHECK(text() ==
        "2026-03-15T00:00:00Z warning item.refused title=\"a\\x0ab\\x1b[31m \\\"c\\\"\" empty=\"\" "
        "utf8=\xc3\xa4\\xff\n");
}

TEST_CASE_FIXTURE(LogBench, "log: no field takes the place of time, level or event in a JSON line") {
  Log json = log();
  json.set_format(LogFormat::kJson);
  json.error("delivery.failed", {{"event", "e-1"}, {"time", "never"}, {"level", "low"}});
  CHECK(text() ==
        "{\"time\":\"2026-03-15T00:00:00Z\",\"level\":\"error\",\"event\":\"delivery.failed\",\"event_\":\"e-1\","
        "\"time_\":\"never\",\"level_\":\"low\"}\n");
}

TEST_CASE_FIXTURE(LogBench, "log: a JSON line is one object whose values are text") {
  Log json = log();
  json.set_format(LogFormat::kJson);
  json.error("sync.failed", {{"reason", "say \"no\"\n"}});
  CHECK(text() == R"({"time":"2026-03-15T00:00:00Z","level":"error","event":"sync.failed","reason":"say \"no\"\\x0a"})"
                  "\n");
}

TEST_CASE_FIXTURE(LogBench,
                  "S4 log: a registered secret never reaches the descriptor, also where quoting would split it") {
  const std::string hidden = "tok\"en with\nnewline";
  redactor.add(Secret(hidden));
  Log both = log();
  both.info("answer", {{"body", "echo " + hidden}});
  both.set_format(LogFormat::kJson);
  both.info("answer", {{"body", "echo " + hidden}});
  CHECK(text().find("tok") == std::string::npos);
  CHECK(text().find("newline") == std::string::npos);
}

TEST_CASE_FIXTURE(LogBench, "log: lines below the level are dropped") {
  Log quiet = log();
  quiet.set_level(LogLevel::kWarning);
  quiet.info("chatter", {});
  quiet.debug("chatter", {});
  CHECK(text().empty());
}

TEST_CASE_FIXTURE(LogBench, "log: lines carry a priority only when the descriptor leads to the journal") {
  struct stat info {};
  REQUIRE(::fstat(fd(), &info) == 0);
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", info.st_dev, info.st_ino + 1).c_str(), 1);
  log().error("other.stream", {});
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", info.st_dev, info.st_ino).c_str(), 1);
  log().error("our.stream", {});
  ::unsetenv("JOURNAL_STREAM");
  CHECK(text() == "2026-03-15T00:00:00Z error other.stream\n<3>2026-03-15T00:00:00Z error our.stream\n");
}

TEST_CASE_FIXTURE(LogBench, "log: lines of several threads are never mixed") {
  Log shared = log();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) shared.info("tick", {{"value", std::string(100, 'x')}});
      });
  }
  std::istringstream lines(text());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    CHECK(line == "2026-03-15T00:00:00Z info tick value=" + std::string(100, 'x'));
  CHECK(count == 200);
}

TEST_CASE("C5 log: a descriptor that cannot be written to fails nobody") {
  FakeClock clock;
  Redactor redactor;
  Log(-1, clock, redactor).error("lost", {});
}

}  // namespace damsync
