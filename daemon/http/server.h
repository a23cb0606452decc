#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/config/listen_address.h"
#include "daemon/http/connection.h"
#include "daemon/http/handler.h"
#include "daemon/http/request_rules.h"
#include "daemon/http/web_worker.h"
#include "storage/base/log.h"

namespace damsync {

/// How much a client may ask for of the server's patience.
struct WebLimits {
  std::size_t connections = 128;  ///< beyond it the oldest that waits for its client is dropped
  std::size_t held = 64;          ///< that wait for a change; of more, the oldest goes before anybody else
  Millis read_time = std::chrono::seconds(2);
  Millis write_time = std::chrono::seconds(10);
  Millis wake_pause{200};  ///< held requests are not asked about more often, however often something changes
};

/// Answers HTTP on one address, one request a connection, all of them in one thread that waits in poll(): clients that
/// say nothing or little cost a place in a list, not a thread. Handlers that read the catalog run in one worker.
///
/// Errors   `start`: kSettings when the address cannot be listened on.
/// Threads  `start`, `stop` from one thread; the others from any.
class WebServer {
 public:
  struct Options {
    ListenAddress address;
    std::vector<std::string> names;  ///< further host names that requests may use
    WebLimits limits;
  };
  WebServer(Options options, WebHandler& handler, const Clock& clock, Log& log);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  Status start();
  /// Ends every connection and both threads; waits for a handler that is at work, for no client.
  void stop();
  /// Something changed: held requests are asked about again.
  void wake();

  /// Where it listens, with the port that was given for port 0.
  [[nodiscard]] const ListenAddress& address() const noexcept { return options_.address; }

  /// Counts since the start.
  struct Counts {
    std::array<std::int64_t, 6> answers{};  ///< by first digit of the status
    std::int64_t dropped = 0;               ///< connections that ended without an answer of ours
    std::int64_t unaccepted = 0;            ///< times a connection had to wait because there was no descriptor
    std::int64_t turns = 0;                 ///< of the loop: how often something woke it
  };
  [[nodiscard]] Counts counts() const;

 private:
  using State = WebConnection::State;

  Status listen();
  void run();
  [[nodiscard]] int wait_time(SteadyTime now) const;
  void poll_once();
  void accept_all(SteadyTime now);
  void adopt(int fd, std::uint64_t newcomers_from, SteadyTime now);
  bool drop_oldest(std::uint64_t newcomers_from);
  void advance(WebConnection& connection, short events, SteadyTime now);
  void judge(WebConnection& connection, SteadyTime now);
  std::optional<WebAnswer> answer_at_once(const WebRequest& request);
  void ask(WebConnection& connection, SteadyTime now);
  void answer(WebConnection& connection, const WebAnswer& answer, SteadyTime now);
  void take_outcomes(SteadyTime now);
  void wake_held(SteadyTime now);
  void expire(SteadyTime now);
  void sweep();
  void signal();

  Options options_;
  WebHandler& handler_;
  const Clock& clock_;
  Log& log_;
  RequestRules rules_;

  int listener_ = -1;
  const int signal_;  ///< wakes the loop
  std::thread thread_;
  std::unique_ptr<WebWorker> worker_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> changes_{0};
  std::array<std::atomic<std::int64_t>, 6> answers_{};
  std::atomic<std::int64_t> dropped_{0}, unaccepted_{0}, turns_{0};

  // Of the loop's thread alone.
  std::vector<std::unique_ptr<WebConnection>> connections_;  ///< oldest first
  std::uint64_t next_id_ = 1;
  SteadyTime accept_from_{};  ///< no connection is taken before, because there was no descriptor left
  SteadyTime warn_from_{};
  SteadyTime wake_from_{};
};

}  // namespace damsync
