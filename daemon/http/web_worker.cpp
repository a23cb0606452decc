#include "daemon/http/web_worker.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace damsync {

WebWorker::WebWorker(WebHandler& handler, Log& log, std::function<void()> done)
    : handler_(handler), log_(log), done_(std::move(done)), thread_([this] { work(); }) {}

WebWorker::~WebWorker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void WebWorker::ask(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void WebWorker::forget(std::uint64_t connection) {
  const std::lock_guard lock(mutex_);
  std::erase_if(jobs_, [&](const Job& job) { return job.connection == connection; });
}

std::vector<WebWorker::Outcome> WebWorker::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(outcomes_, {});
}

void WebWorker::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
    if (stop_) return;
    const Job job = next();
    lock.unlock();
    WebReply reply = answer(job);
    lock.lock();
    outcomes_.push_back({job.connection, std::move(reply)});
    done_();
  }
}

/// The first that asks for something else than the one before, if there is one: a crowd that reads the feed does not
/// keep a monitor waiting.
WebWorker::Job WebWorker::next() {
  auto job = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& it) { return it.request->path != last_path_; });
  if (job == jobs_.end()) job = jobs_.begin();
  Job out = std::move(*job);
  jobs_.erase(job);
  last_path_ = out.request->path;
  return out;
}

/// The last catch of this thread: nothing a request brings about may end the daemon.
WebReply WebWorker::answer(const Job& job) {
  try {
    return handler_.answer(*job.request, job.waited);
  } catch (const std::exception& error) {
    log_.error("http.failed", {{"path", job.request->path}, {"reason", error.what()}});
    return WebReply::of(problem(500, "the answer could not be made; the log says why"));
  }
}

}  // namespace damsync
