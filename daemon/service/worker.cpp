#include "daemon/service/worker.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "storage/sqlite/database.h"

namespace damsync {

Status run_guarded(const std::function<Status()>& work) {
  try {
    return work();
  } catch (const DatabaseError& error) {
    return make_error(error.code(), error.what());
  } catch (const std::exception& error) {
    return make_error(ErrorCode::kInternal,
                      fmt::format("internal error: {}; the state is as after a crash", error.what()));
  } catch (...) {
    return make_error(ErrorCode::kInternal, "internal error; the state is as after a crash");
  }
}

Worker::Worker(std::function<void(const Status&)> ended)
    : ended_(std::move(ended)), thread_([this](const std::stop_token& stop) { loop(stop); }) {}

Worker::~Worker() = default;

bool Worker::start(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (busy_ || thread_.get_stop_token().stop_requested()) return false;
    busy_ = true;
    job_ = std::move(job);
  }
  given_.notify_all();
  return true;
}

bool Worker::busy() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

void Worker::loop(const std::stop_token& stop) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      given_.wait(lock, stop, [this] { return static_cast<bool>(job_); });
      if (!job_) return;
      job = std::exchange(job_, nullptr);
    }
    const Status done = run_guarded([&] { return job(stop); });
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
    }
    ended_(done);
  }
}

}  // namespace damsync
