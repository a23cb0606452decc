#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/desk.h"
#include "tests/support/eventually.h"

namespace damsync {

/// A service manager's end of the notification socket.
class NotifySocket {
 public:
  /// At a path, or with `@` in front a name in the abstract namespace.
  explicit NotifySocket(std::string address);
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  /// Waits until so many messages that hold `part` have come, in all.
  bool wait_for(const std::string& part, int times = 1);
  /// How many messages came until now that hold `part`.
  int count(const std::string& part);
  [[nodiscard]] std::string all();

 private:
  void receive();

  int fd_;
  std::vector<std::string> messages_;
};

/// A desk with a daemon: its settings poll every second, keep HTTP off, and log to where the test can read.
struct DaemonDesk {
  explicit DaemonDesk(int images = 3);

  /// Writes `conf.d/daemon.toml`: the body of `[schedule]` (`{}`: what polls every second) and whole sections behind
  /// it.
  void write_more(const std::string& schedule, const std::string& sections = "") const;
  /// Starts `damsync run`.
  std::unique_ptr<Program> start() { return desk.start({"run"}); }
  /// Starts it and waits until it is ready.
  std::unique_ptr<Program> start_ready();
  /// True once so many files are in the store.
  bool mirrored(int files);
  /// Sends a line to the control socket; what came back until the end.
  std::string control(const std::string& bytes) const;
  /// A connection to the control socket that says nothing and waits for nobody.
  [[nodiscard]] int connect() const;
  /// A connection that has sent the line; what is answered to it is `heard_at` it.
  [[nodiscard]] int ask(const std::string& line) const;

  Desk desk;
  NotifySocket manager;
};

/// What came at the connection until now.
std::string heard_at(int fd);

/// How often `part` stands in `text`.
int times_in(const std::string& text, const std::string& part);

}  // namespace damsync
