#include "daemon/service/deliverer.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "daemon/deliveries.h"
#include "daemon/workspace.h"
#include "storage/sqlite/disk_full.h"

namespace damsync {
namespace {

constexpr const char* kWorker = "outbox";
constexpr Millis kRetry = std::chrono::minutes(1);

/// Tells after each attempt that the delivery got somewhere.
class WatchedReceiver final : public Receiver {
 public:
  WatchedReceiver(std::unique_ptr<Receiver> receiver, std::function<void()> moved)
      : receiver_(std::move(receiver)), moved_(std::move(moved)) {}

  const std::string& name() const override { return receiver_->name(); }
  const EventFilter& filter() const override { return receiver_->filter(); }
  int in_flight() const override { return receiver_->in_flight(); }
  Outcome send(const Event& event, std::stop_token stop) override {
    Outcome outcome = receiver_->send(event, std::move(stop));
    moved_();
    return outcome;
  }

 private:
  const std::unique_ptr<Receiver> receiver_;
  const std::function<void()> moved_;
};

/// A receiver may take as long as its settings say, the programs that print secrets have their limits, and what else a
/// delivery does takes no longer than other work.
Millis patience_for(const Settings& settings) {
  constexpr Millis kSecretsOfOne = std::chrono::seconds(20);
  Millis longest = kSecretsOfOne * static_cast<int>(settings.webhooks.size());
  for (const auto& command : settings.commands) longest = std::max(longest, command.time_limit);
  return longest + Vitals::kPatience;
}

}  // namespace

Deliverer::Deliverer(Workspace& workspace, Vitals& vitals, Clock& clock, Log& log,
                     std::function<void(const Status&)> ended)
    : workspace_(workspace), vitals_(vitals), clock_(clock), log_(log), worker_(std::move(ended)) {
  vitals_.resting(kWorker, "waiting");
}

void Deliverer::fit(std::shared_ptr<const Settings> settings) {
  const std::lock_guard lock(mutex_);
  receivers_ = !settings->webhooks.empty() || !settings->commands.empty();
  patience_ = patience_for(*settings);
  settings_ = settings;
  unfit_ = std::move(settings);
  wanted_ = files_wanted_ = true;
}

/// In the worker's thread, as a secret may come from a program that takes its time. Settings stay unfit until the
/// catalog had room for their receivers.
void Deliverer::fit_pump(const std::stop_token& stop) {
  std::shared_ptr<const Settings> settings;
  {
    const std::lock_guard lock(mutex_);
    settings = unfit_;
  }
  if (!settings) return;
  auto receivers = make_receivers(*settings, clock_, log_, stop);
  for (auto& receiver : receivers.usable)
    receiver = std::make_unique<WatchedReceiver>(std::move(receiver), [this] { moved(); });
  pump_ = std::make_unique<OutboxPump>(*workspace_.db, clock_, log_, std::move(receivers.usable));
  const std::lock_guard lock(mutex_);
  unusable_ = std::move(receivers.unusable);
  if (unfit_ == settings) unfit_ = nullptr;
}

std::uint64_t Deliverer::want() {
  const std::lock_guard lock(mutex_);
  wanted_ = true;
  return last_begun_ + 1;
}

void Deliverer::want_all() {
  const std::lock_guard lock(mutex_);
  wanted_ = files_wanted_ = true;
}

void Deliverer::wait_for(std::uint64_t delivery, Millis limit, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (receivers_) ended_.wait_for(lock, stop, limit, [&] { return last_ended_ >= delivery; });
}

std::vector<Error> Deliverer::unusable() const {
  const std::lock_guard lock(mutex_);
  return unusable_;
}

bool Deliverer::has_work() const { return receivers_ || (settings_ && settings_->store.journal); }

std::optional<Millis> Deliverer::until_next(const Now& now) const {
  const std::lock_guard lock(mutex_);
  if (!has_work() || worker_.busy()) return std::nullopt;
  if (wanted_) return Millis(0);
  if (!due_at_) return std::nullopt;
  return std::max(Millis(0), std::chrono::ceil<Millis>(*due_at_ - now.steady));
}

void Deliverer::turn(const Now& now) {
  const auto left = until_next(now);
  if (!left || *left > Millis(0)) return;
  Job job;
  {
    const std::lock_guard lock(mutex_);
    wanted_ = false;
    due_at_.reset();
    job = {++last_begun_, std::exchange(files_wanted_, false) ? settings_ : nullptr};
  }
  worker_.start([this, job](const std::stop_token& stop) { return deliver(job, stop); });
}

void Deliverer::moved() {
  const std::lock_guard lock(mutex_);
  vitals_.moved(kWorker, "delivering", patience_);
}

Status Deliverer::deliver(const Job& job, const std::stop_token& stop) {
  moved();
  std::optional<Millis> left;
  try {
    fit_pump(stop);
    moved();
    if (stop.stop_requested()) return {};  // a receiver may lack its secret because of that
    if (job.files) write_feed_files(*job.files, workspace_, log_, stop, [this] { moved(); });
    left = pump_->pump(stop);
  } catch (const DatabaseError& error) {
    if (!is_disk_full(error)) throw;
    log_.error("delivery.no_room", {{"reason", error.what()}});
    left = kRetry;
    const std::lock_guard lock(mutex_);
    files_wanted_ = files_wanted_ || job.files;
  }
  vitals_.resting(kWorker, "waiting");
  const std::lock_guard lock(mutex_);
  if (left) due_at_ = clock_.steady() + *left;
  last_ended_ = job.number;
  ended_.notify_all();
  return {};
}

}  // namespace damsync
