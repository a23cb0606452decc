#include "daemon/deliveries.h"

#include <fmt/format.h>

#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "daemon/config/secrets.h"
#include "daemon/workspace.h"
#include "storage/base/text.h"
#include "sync/deliver/command_hook.h"
#include "sync/deliver/feed_files.h"
#include "sync/deliver/outbox_pump.h"
#include "sync/deliver/wanted.h"
#include "sync/deliver/webhook.h"

namespace damsync {
namespace {

/// How often who waits for another to have written the feed's files looks for a stop.
constexpr Millis kLook{500};

Result<std::unique_ptr<Receiver>> make_receiver(const WebhookSettings& settings, SecretSource& secrets, Clock& clock) {
  const auto url = Url::parse(settings.url);
  if (!url) return url.error();
  WebhookTarget target;
  target.name = settings.name;
  target.url = *url;
  target.filter = settings.filter;
  target.ca_file = settings.ca_file.string();
  target.own_network = settings.private_network ? OwnNetwork::kAllowed : OwnNetwork::kRefused;
  auto secret = secrets.resolve(settings.secret, fmt::format("webhook {}: secret", settings.name));
  if (!secret) return secret.error();
  target.secret = std::move(*secret);
  auto previous = secrets.resolve(settings.previous_secret, fmt::format("webhook {}: previous_secret", settings.name));
  if (!previous) return previous.error();
  target.previous_secret = std::move(*previous);
  return make_webhook(std::move(target), clock);
}

/// Stands for a receiver that cannot be used: whatever is meant for it waits, and its state tells why.
class UnusableReceiver final : public Receiver {
 public:
  UnusableReceiver(const WebhookSettings& settings, std::string reason)
      : name_(settings.name), filter_(settings.filter), reason_(std::move(reason)) {}
  const std::string& name() const override { return name_; }
  const EventFilter& filter() const override { return filter_; }
  int in_flight() const override { return 1; }
  Outcome send(const Event&, std::stop_token) override { return {Outcome::Kind::kFailed, reason_, std::nullopt}; }

 private:
  const std::string name_;
  const EventFilter filter_;
  const std::string reason_;
};

/// A stop that comes when the caller's does, or when the time is up.
class TimeLimit {
 public:
  TimeLimit(Clock& clock, Millis limit, const std::stop_token& stop)
      : asked_(stop, [this] { ended_.request_stop(); }), timer_([this, &clock, limit](const std::stop_token& done) {
          clock.wait(limit, done);
          ended_.request_stop();
        }) {}
  [[nodiscard]] std::stop_token token() const { return ended_.get_token(); }

 private:
  std::stop_source ended_;
  std::stop_callback<std::function<void()>> asked_;
  std::jthread timer_;  // last: it uses the others
};

}  // namespace

std::vector<std::string> receiver_names(const Settings& settings) {
  std::vector<std::string> names;
  for (const auto& webhook : settings.webhooks) names.push_back(webhook.name);
  for (const auto& command : settings.commands) names.push_back(command.name);
  return names;
}

const EventFilter* filter_of(const Settings& settings, const std::string& receiver) {
  for (const auto& webhook : settings.webhooks)
    if (webhook.name == receiver) return &webhook.filter;
  for (const auto& command : settings.commands)
    if (command.name == receiver) return &command.filter;
  return nullptr;
}

std::int64_t undelivered(Database& db, const Settings& settings, const ReceiverRow& receiver) {
  const EventFilter* filter = filter_of(settings, receiver.receiver);
  return Outbox(db).count(receiver.receiver, DeliveryState::kWaiting) +
         (filter != nullptr ? count_wanted(db, *filter, receiver.position) : 0);
}

Receivers make_receivers(const Settings& settings, Clock& clock, Log& log, const std::stop_token& stop) {
  Receivers out;
  SecretSource secrets(log.redactor(), stop);
  for (const auto& webhook : settings.webhooks) {
    auto receiver = make_receiver(webhook, secrets, clock);
    if (receiver) {
      out.usable.push_back(std::move(*receiver));
      continue;
    }
    log.error("receiver.unusable", {{"receiver", webhook.name}, {"reason", receiver.error().message}});
    out.usable.push_back(std::make_unique<UnusableReceiver>(webhook, receiver.error().message));
    out.unusable.push_back(receiver.error());
  }
  for (const auto& command : settings.commands)
    out.usable.push_back(make_command_hook({command.name, command.run, command.filter, command.time_limit}));
  return out;
}

DeliveryCount::DeliveryCount(const Settings& settings, Database& db) : settings_(settings), db_(db) {
  const Outbox outbox(db);
  for (const auto& name : receiver_names(settings))
    if (const auto row = outbox.find_receiver(name)) {
      begun_.emplace_back().receiver = name;
      begun_.back().delivered = -row->delivered;
    }
}

std::vector<DeliverySummary> DeliveryCount::so_far() const {
  const Outbox outbox(db_);
  auto out = begun_;
  for (auto& summary : out) {
    const auto row = *outbox.find_receiver(summary.receiver);
    summary.delivered += row.delivered;
    summary.waiting = undelivered(db_, settings_, row);
    summary.dead = outbox.count(row.receiver, DeliveryState::kDead);
    summary.disabled = row.disabled_at.has_value();
    summary.reason = row.reason;
  }
  return out;
}

bool write_feed_files(const Settings& settings, Workspace& workspace, Log& log, const std::stop_token& stop,
                      const std::function<void()>& moved) {
  if (!settings.store.journal) return true;
  std::unique_lock one_at_a_time(workspace.feed_files, std::try_to_lock);
  while (!one_at_a_time.owns_lock() && !one_at_a_time.try_lock()) {
    if (!SystemClock().wait(kLook, stop)) return false;
    if (moved) moved();  // who waits is not stuck; who writes may be
  }
  const auto written = FeedFiles(*workspace.db, *workspace.store).run(stop, moved);
  if (!written && written.error().code != ErrorCode::kCancelled)
    log.error("feed_files.not_written", {{"reason", written.error().message}});
  return written.ok();
}

DeliveryReport deliver_now(const Settings& settings, Database& db, Clock& clock, Log& log, Millis limit,
                           const std::stop_token& stop) {
  const DeliveryCount count(settings, db);
  DeliveryReport out;
  Receivers receivers = make_receivers(settings, clock, log, stop);
  out.unusable = std::move(receivers.unusable);
  OutboxPump pump(db, clock, log, std::move(receivers.usable));
  pump.pump(TimeLimit(clock, limit, stop).token());
  out.receivers = count.so_far();
  return out;
}

Json json_of(const DeliverySummary& summary) {
  return Json::object({{"receiver", summary.receiver},
                       {"delivered", summary.delivered},
                       {"waiting", summary.waiting},
                       {"dead", summary.dead},
                       {"disabled", summary.disabled},
                       {"reason", summary.reason.empty() ? Json() : Json(summary.reason)}});
}

std::string text_of(const DeliverySummary& summary) {
  std::string text = fmt::format("{}: {} delivered", summary.receiver, summary.delivered);
  if (summary.waiting > 0) text += fmt::format(", {} waiting", summary.waiting);
  if (summary.dead > 0) text += fmt::format(", {} given up", summary.dead);
  if (summary.disabled) text += ", disabled";
  if (!summary.reason.empty()) text += "; " + printable(summary.reason);
  return text;
}

}  // namespace damsync
