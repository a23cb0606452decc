#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "daemon/service/run_loop.h"
#include "daemon/stop_signals.h"
#include "tests/integration/daemon_desk.h"

namespace damsync {
namespace {

/// The time as it is, plus what it was told to leap. Counts who asks.
class LeapingClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady() const override {
    ++reads_;
    return std::chrono::steady_clock::now() + leap_.load();
  }
  [[nodiscard]] UtcTime utc() const override { return SystemClock().utc() + leap_.load(); }
  bool wait(Millis duration, std::stop_token stop) override { return SystemClock().wait(duration, std::move(stop)); }

  void leap(Millis by) { leap_ = leap_.load() + by; }
  [[nodiscard]] long reads() const { return reads_; }

 private:
  std::atomic<Millis> leap_{Millis(0)};
  mutable std::atomic<long> reads_{0};
};

/// The daemon in this process, on a thread of its own, with a clock that the test moves.
class DaemonThread {
 public:
  explicit DaemonThread(DaemonDesk& desk)
      : log_file_(desk.desk.dir / "log"),
        log_fd_(::open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
        log_(log_fd_, clock, redactor_),
        thread_([this, &desk] {
          StopSignals signals(stop_, Hangup::kKept);
          const SystemdNotify notify(desk.desk.dir / "notify", Millis(150));
          RunLoop loop(InForce::load(desk.desk.dir / "damsync.toml").value(), {clock, log_, signals, notify});
          ended_ = loop.run(stop_.get_token());
        }) {
    desk.desk.calls_comparable = false;
  }
  ~DaemonThread() {
    if (thread_.joinable()) (void)stop();
    ::close(log_fd_);
  }
  DaemonThread(const DaemonThread&) = delete;
  DaemonThread& operator=(const DaemonThread&) = delete;

  Status stop() {
    stop_.request_stop();
    thread_.join();
    return ended_;
  }
  [[nodiscard]] std::string log() const {
    std::ifstream in(log_file_);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  LeapingClock clock;

 private:
  const std::string log_file_;
  const int log_fd_;
  Redactor redactor_;
  Log log_;
  std::stop_source stop_;
  Status ended_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace

TEST_CASE("daemon: a worker that hangs withholds the watchdog's ping until it moves again") {
  DaemonDesk desk(1);
  const auto gate = std::make_shared<SimGate>();
  desk.desk.sim.faults().once("GET /v2/images/licenses", fault::hold(gate));
  DaemonThread daemon(desk);
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(20)));
  CHECK(desk.manager.wait_for("WATCHDOG=1", 3));

  daemon.clock.leap(Vitals::kPatience + std::chrono::minutes(1));
  CHECK(eventually([&] { return holds(daemon.log(), "daemon.stuck worker=newsroom"); }));
  const int told = desk.manager.count("WATCHDOG=1");
  const long reads = daemon.clock.reads();
  CHECK(eventually([&] { return daemon.clock.reads() > reads + 100; }));  // the loop itself goes on turning
  CHECK(desk.manager.count("WATCHDOG=1") == told);

  gate->release();
  CHECK(desk.manager.wait_for("WATCHDOG=1", told + 3));
  CHECK(desk.mirrored(1));
  CHECK(daemon.stop());
}

TEST_CASE("daemon: a delivery that hangs for longer than any receiver may take is a worker that hangs") {
  DaemonDesk desk(1);
  const std::string over = desk.desk.dir / "over";
  REQUIRE(::mkfifo(over.c_str(), 0600) == 0);
  const int release = ::open(over.c_str(), O_RDWR | O_CLOEXEC);
  desk.desk.write_file("hook", "#!/bin/sh\nread line < '" + over + "'\n", 0755);
  desk.write_more("poll_interval = \"1h\"\n",
                  "[[command]]\nname = \"slow\"\nrun = [\"" + (desk.desk.dir / "hook") + "\"]\ntime_limit = \"1h\"\n");
  DaemonThread daemon(desk);
  REQUIRE(desk.mirrored(1));
  REQUIRE(eventually([&] { return holds(desk.control("{\"do\":\"status\"}\n"), "\"delivering"); }));
  daemon.clock.leap(std::chrono::minutes(59));
  int told = desk.manager.count("WATCHDOG=1");
  CHECK(desk.manager.wait_for("WATCHDOG=1", told + 3));

  daemon.clock.leap(std::chrono::minutes(10));
  CHECK(eventually([&] { return holds(daemon.log(), "daemon.stuck worker=outbox"); }));
  told = desk.manager.count("WATCHDOG=1");
  CHECK(::write(release, std::string(1000, '\n').data(), 1000) == 1000);  // more lines than events
  CHECK(desk.manager.wait_for("WATCHDOG=1", told + 3));
  CHECK(daemon.stop());
  ::close(release);
}

}  // namespace damsync
