#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "tests/simulators/http_message.h"

namespace damsync {

/// A small HTTP/1.1 server on 127.0.0.1 whose answers may misbehave in every way a real one can.
///
/// One thread a connection, kept alive; large bodies go out from shared buffers without a copy. What comes in is
/// limited to 64 KiB of head and 16 MiB of body.
///
/// Errors   throws std::runtime_error when the port cannot be bound.
/// Threads  the handler is called from many threads at once.
class SimServer {
 public:
  using Handler = std::function<SimResponse(const SimRequest&)>;

  /// Starts serving at once. Port 0 takes any free port.
  explicit SimServer(Handler handler, std::uint16_t port = 0);
  ~SimServer();
  SimServer(const SimServer&) = delete;
  SimServer& operator=(const SimServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// `http://127.0.0.1:PORT`
  [[nodiscard]] std::string base_url() const;

  /// Stops accepting, ends every connection and waits for their threads. May be called twice.
  void stop();

  /// Connections taken and bytes written (heads included) so far.
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_taken_; }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }

 private:
  struct Connection {
    int fd = -1;
    bool done = false;
    std::thread thread;
  };

  void accept_loop();
  void serve(Connection& connection);
  bool answer_one(int fd, std::string& buffer);
  bool answer(int fd, const SimRequest& request);
  bool send_response(int fd, const SimResponse& response, const SimRequest& request);
  bool send_body(int fd, const SimResponse& response, std::string_view head);
  bool send_all(int fd, std::string_view head, std::string_view first, std::string_view second);
  bool pause(Millis duration);
  void reap_finished();

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> connections_taken_{0};
  std::atomic<std::uint64_t> bytes_sent_{0};
  std::mutex mutex_;
  std::condition_variable stop_requested_;
  std::list<Connection> connections_;
  std::thread acceptor_;
};

}  // namespace damsync
