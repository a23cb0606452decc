#pragma once

#include <fcntl.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/log.h"
#include "storage/journal/outbox.h"
#include "sync/deliver/receiver.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {

/// A receiver that remembers what it was handed and answers as told.
class RecordingReceiver final : public Receiver {
 public:
  using Answer = std::function<Outcome(const Event&)>;

  explicit RecordingReceiver(std::string name = "cms") : name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  const EventFilter& filter() const override { return wanted; }
  int in_flight() const override { return threads; }
  Outcome send(const Event& event, std::stop_token) override {
    Outcome outcome = answer ? answer(event) : Outcome{};
    const std::lock_guard lock(mutex_);
    tried_.push_back(event);
    if (outcome.kind == Outcome::Kind::kDelivered) got_.push_back(event);
    return outcome;
  }

  /// `asset/revision` of each, in the order they came.
  [[nodiscard]] std::vector<std::string> got() const { return short_of(got_); }
  [[nodiscard]] std::vector<std::string> tried() const { return short_of(tried_); }
  [[nodiscard]] std::vector<Event> events() const {
    const std::lock_guard lock(mutex_);
    return got_;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    got_.clear();
    tried_.clear();
  }

  EventFilter wanted;
  int threads = 1;
  Answer answer;

 private:
  [[nodiscard]] std::vector<std::string> short_of(const std::vector<Event>& events) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& event : events) out.push_back(event.change.asset_id + "/" + std::to_string(event.change.revision));
    return out;
  }

  const std::string name_;
  mutable std::mutex mutex_;
  std::vector<Event> got_, tried_;
};

inline Outcome failure(std::string reason = "answered 500") {
  return {Outcome::Kind::kFailed, std::move(reason), std::nullopt};
}

inline Outcome refusal(std::string reason = "answered 422") {
  return {Outcome::Kind::kRefused, std::move(reason), std::nullopt};
}

/// A catalog with assets whose changes are to be delivered.
struct OutboxBench : CatalogBench {
  OutboxBench() : outbox(*db) {}

  /// Assets `a1` to `aN` with one license each, known before anybody listens.
  void assets(int count) {
    for (int i = 1; i <= count; ++i) upsert(sample_license("l" + std::to_string(i), "a" + std::to_string(i)));
  }
  /// One change of the asset in a transaction of its own.
  Change change(const std::string& asset_id, EventType type = EventType::kAssetUpdated,
                const std::string& license_id = "") {
    Change out;
    commit([&] {
      Change told = sample_change(type, asset_id);
      told.license_id = license_id;
      out = journal.append(told);
    });
    return out;
  }
  [[nodiscard]] ReceiverRow row(const std::string& receiver = "cms") const { return *outbox.find_receiver(receiver); }
  [[nodiscard]] std::int64_t waiting(const std::string& receiver = "cms") const {
    return outbox.count(receiver, DeliveryState::kWaiting);
  }
  [[nodiscard]] std::int64_t dead(const std::string& receiver = "cms") const {
    return outbox.count(receiver, DeliveryState::kDead);
  }

  Outbox outbox;
  int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor;
  Log log{null, clock, redactor};
};

}  // namespace damsync
