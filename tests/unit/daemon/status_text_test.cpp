#include "daemon/cli/status_text.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "daemon/version.h"

namespace damsync {
namespace {

using namespace std::chrono_literals;

const UtcTime kNow = *parse_rfc3339("2026-03-15T12:00:00Z");

StatusReport healthy_report() {
  StatusReport report;
  StatusReport::Account account;
  account.name = "newsroom";
  account.provider = "scripted";
  StatusReport::Stream stream;
  stream.row.name = "licenses";
  stream.lag = 3min;
  account.streams.push_back(stream);
  stream.row.name = "updates";
  stream.lag.reset();
  stream.backlog = 4;
  account.streams.push_back(stream);
  account.counts.assets_active = 300;
  account.counts.licenses_held = 301;
  account.counts.files_mirrored = 298;
  account.counts.files_open = 2;
  report.accounts.push_back(account);
  report.store = {298, 5 << 20, kNow};
  report.free_bytes = std::int64_t{7} << 30;
  return report;
}

}  // namespace

TEST_CASE("status text: a healthy state is told by its first word, and each account has a block") {
  CHECK(status_text(healthy_report(), kNow, Colours::kOff) ==
        "HEALTHY  damsync " + std::string(kVersion) +
            "\n"
            "\n"
            "newsroom (scripted)  in step\n"
            "  complete      licenses 3m ago, updates never (4 still to do)\n"
            "  assets        300 active\n"
            "  licenses      301 held\n"
            "  files         298 mirrored, 2 open\n"
            "\n"
            "store\n"
            "  files         298, 5 MiB\n"
            "  free          7 GiB\n"
            "  oldest check  2026-03-15T12:00:00Z\n"
            "\n"
            "daemon  not running\n");
}

TEST_CASE("status text: whatever needs attention stands right below the first line") {
  auto report = healthy_report();
  report.accounts[0].stale = true;
  report.problems = {"STALE_PROVIDER account newsroom: stream licenses is 2h behind", "second\n\x1b[31mreason"};
  const auto text = status_text(report, kNow, Colours::kOff);
  CHECK(text.starts_with("ATTENTION  damsync " + std::string(kVersion) +
                         "\n"
                         "  ! STALE_PROVIDER account newsroom: stream licenses is 2h behind\n"
                         "  ! second\n"
                         "    \\x1b[31mreason\n"
                         "\n"
                         "newsroom (scripted)  no recent success\n"));
}

TEST_CASE("status text: a running daemon tells what it does and what comes next") {
  auto report = healthy_report();
  VitalsView view;
  view.ready = true;
  view.started_at = kNow - 2h;
  view.workers = {{"sync newsroom", "fetching files", 1s, 60s}, {"audit", "waiting", 1h, Millis(0)}};
  view.next = {{"sync newsroom", kNow + 12min}, {"audit", kNow - 1s}};
  add_daemon(report, view);
  const auto text = status_text(report, kNow, Colours::kOff);
  CHECK(
      text.ends_with("daemon  running, since 2026-03-15T10:00:00Z\n"
                     "  sync newsroom fetching files\n"
                     "  next          sync newsroom in 12m\n"
                     "  next          audit now\n"));
}

TEST_CASE("status text: a daemon that does not answer needs attention") {
  auto report = healthy_report();
  add_silent_daemon(report, make_error(ErrorCode::kLocked, "the daemon is busy"));
  const auto text = status_text(report, kNow, Colours::kOff);
  CHECK(text.starts_with("ATTENTION"));
  CHECK(text.find("! the daemon does not answer: the daemon is busy\n") != std::string::npos);
  CHECK(text.ends_with("\ndaemon  does not answer\n"));
}

TEST_CASE("status text: colours are for terminals that want them") {
  const auto plain = status_text(healthy_report(), kNow, Colours::kOff);
  auto coloured = status_text(healthy_report(), kNow, Colours::kOn);
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK(coloured.starts_with("\x1b[1;32mHEALTHY\x1b[0m"));
  for (auto at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b'))
    coloured.erase(at, coloured.find('m', at) + 1 - at);
  CHECK(coloured == plain);

  ::setenv("TERM", "xterm", 1);
  ::unsetenv("NO_COLOR");
  CHECK(colours_for(true) == Colours::kOn);
  CHECK(colours_for(false) == Colours::kOff);
  ::setenv("NO_COLOR", "1", 1);
  CHECK(colours_for(true) == Colours::kOff);
  ::setenv("NO_COLOR", "", 1);
  CHECK(colours_for(true) == Colours::kOn);
  ::setenv("TERM", "dumb", 1);
  CHECK(colours_for(true) == Colours::kOff);
  ::unsetenv("NO_COLOR");
}

TEST_CASE("vitals: another process reads them as they were written") {
  VitalsView view;
  view.version = "1.2";
  view.started_at = kNow;
  view.ready = true;
  view.settings_error = "line 3";
  view.workers = {{"sync newsroom", "fetching files", 90s, 60s}};
  view.next = {{"audit", kNow + 1h}};
  CycleVitals cycle;
  cycle.account = "newsroom";
  cycle.result = CycleResult::kFailed;
  cycle.error = make_error(ErrorCode::kUnavailable, "no answer");
  cycle.finished_at = kNow;
  cycle.failures_in_a_row = 2;
  view.cycles = {cycle};

  const VitalsView read = vitals_from_json(json_of(view));
  CHECK(write_json(json_of(read)) == write_json(json_of(view)));
  CHECK(read.stuck_workers() == view.stuck_workers());
  CHECK(vitals_from_json(Json("nonsense")).workers.empty());
}

}  // namespace damsync
