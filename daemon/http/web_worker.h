#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/http/handler.h"
#include "storage/base/log.h"

namespace damsync {

/// Asks the handler in a thread of its own, so that one that reads the catalog keeps no connection waiting that needs
/// none of it: in the order of the requests, but never twice the same path while another waits.
///
/// Threads  `ask`, `forget` and `take` from one thread; `done` is called from the worker's.
class WebWorker {
 public:
  struct Job {
    std::uint64_t connection = 0;
    std::shared_ptr<const WebRequest> request;
    Millis waited{0};
  };
  struct Outcome {
    std::uint64_t connection = 0;
    WebReply reply;
  };

  WebWorker(WebHandler& handler, Log& log, std::function<void()> done);
  /// Ends after the request it is at.
  ~WebWorker();
  WebWorker(const WebWorker&) = delete;
  WebWorker& operator=(const WebWorker&) = delete;

  void ask(Job job);
  /// The asker has left: what was not begun is not done.
  void forget(std::uint64_t connection);
  [[nodiscard]] std::vector<Outcome> take();

 private:
  void work();
  Job next();
  WebReply answer(const Job& job);

  WebHandler& handler_;
  Log& log_;
  std::function<void()> done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::string last_path_;
  std::vector<Outcome> outcomes_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace damsync
