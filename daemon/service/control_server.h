#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <stop_token>
#include <thread>

#include "storage/base/json.h"
#include "storage/base/result.h"

namespace damsync {

/// Answers the commands of this machine over a local socket: a request is one line of JSON, the answer is any number of
/// lines while work goes on, and a last one.
///
/// Nothing a client does reaches beyond its own connection: requests are cut off at 64 KiB and after 5 s, progress that
/// is not read is dropped, and a client that goes away stops what it asked for.
///
/// Threads  one that accepts and sleeps otherwise, two for each of at most 16 connections.
class ControlServer {
 public:
  /// Sends a line that is not the last.
  using Tell = std::function<void(const Json&)>;
  /// Who asks, by what the kernel says of the other end.
  enum class Asker {
    kOwner,  ///< root, or the user that the daemon runs as
    kOther,  ///< somebody else who may open the socket
  };
  /// Does what a request asks for; the last line of the answer. Called from several threads.
  using Handler = std::function<Json(const Json& request, Asker asker, const Tell& tell, std::stop_token stop)>;

  /// Call it with the state lock held. Errors: kStorage.
  static Result<std::unique_ptr<ControlServer>> listen(const std::filesystem::path& catalog, Handler handler);
  /// Stops every request and waits for it.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  struct Connection {
    int fd = -1;
    std::atomic<bool> over{false};
    std::jthread thread;
  };
  ControlServer(std::filesystem::path catalog, int listener, Handler handler);
  void accept_loop(const std::stop_token& stop);
  void take(int fd);
  void reap();
  void serve(Connection& connection, const std::stop_token& stop);
  void answer(int fd, const Json& request, const std::stop_token& stop);

  std::filesystem::path catalog_;
  int listener_, wake_;
  Handler handler_;
  std::list<Connection> connections_;  ///< of the accepting thread alone
  std::jthread thread_;
};

/// `{"error": {"code", "message"}, "exit_code"}`: how a request ends that failed.
Json control_error(const Error& error);

}  // namespace damsync
