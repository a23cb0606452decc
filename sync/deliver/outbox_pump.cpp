#include "sync/deliver/outbox_pump.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "storage/journal/outbox.h"
#include "sync/deliver/lane.h"

namespace damsync {
namespace {

/// How often a receiver that has nothing to do looks for news while another one is still served.
constexpr Millis kLook{250};

/// The threads of one call of `pump`: one a lane, until all of them have nothing to do.
class Rounds {
 public:
  Rounds(std::vector<std::unique_ptr<Lane>>& lanes, const std::stop_token& stop)
      : busy_(lanes.size()), stop_asked_(stop, [this] { end(); }) {
    for (auto& lane : lanes) threads_.emplace_back([this, &lane] { serve(*lane); });
  }

  void wait() {
    threads_.clear();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void serve(Lane& lane) {
    try {
      bool counted = true;
      while (!next(counted, lane.round(stop_.get_token()))) {
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      --busy_;
      stop_.request_stop();
      changed_.notify_all();
    }
  }

  /// Counts the lane as busy or not; true when its thread is to end.
  bool next(bool& counted, bool did_something) {
    std::unique_lock lock(mutex_);
    if (did_something != counted) busy_ += did_something ? 1 : -1;
    counted = did_something;
    if (stop_.stop_requested()) {
      if (counted) --busy_;
      return true;
    }
    if (did_something) return false;
    if (busy_ == 0) changed_.notify_all();
    changed_.wait_for(lock, kLook, [this] { return busy_ == 0 || stop_.stop_requested(); });
    return busy_ == 0 || stop_.stop_requested();
  }

  void end() {
    stop_.request_stop();
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t busy_;
  std::exception_ptr failure_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> stop_asked_;
  std::vector<std::jthread> threads_;  // last: they use the others
};

}  // namespace

struct OutboxPump::State {
  std::vector<std::unique_ptr<Receiver>> receivers;
  std::vector<std::unique_ptr<Lane>> lanes;
};

OutboxPump::OutboxPump(Database& db, Clock& clock, Log& log, std::vector<std::unique_ptr<Receiver>> receivers)
    : state_(std::make_unique<State>()) {
  state_->receivers = std::move(receivers);
  std::vector<std::string> names;
  for (auto& receiver : state_->receivers) {
    names.push_back(receiver->name());
    state_->lanes.push_back(std::make_unique<Lane>(db, clock, log, *receiver));
  }
  Outbox(db).ensure(names);
}

OutboxPump::~OutboxPump() = default;

std::optional<Millis> OutboxPump::pump(std::stop_token stop) {
  if (!state_->lanes.empty()) Rounds(state_->lanes, stop).wait();
  std::optional<Millis> soonest;
  for (const auto& lane : state_->lanes)
    if (const auto wait = lane->next_in()) soonest = std::min(soonest.value_or(*wait), *wait);
  return soonest;
}

}  // namespace damsync
