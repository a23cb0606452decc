#include "daemon/deliveries.h"

#include <fmt/format.h>

#include <functional>
#include <thread>
#include <utility>

#include "daemon/config/secrets.h"
#include "storage/journal/outbox.h"
#include "sync/deliver/command_hook.h"
#include "sync/deliver/outbox_pump.h"
#include "sync/deliver/webhook.h"

namespace damsync {
namespace {

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

Receivers make_receivers(const Settings& settings, Clock& clock, Log& log) {
  Receivers out;
  SecretSource secrets(log.redactor());
  for (const auto& webhook : settings.webhooks) {
    auto receiver = make_receiver(webhook, secrets, clock);
    if (receiver) {
      out.usable.push_back(std::move(*receiver));
      continue;
    }
    log.error("receiver.unusable", {{"receiver", webhook.name}, {"reason", receiver.error().message}});
    out.unusable.push_back(receiver.error());
  }
  for (const auto& command : settings.commands)
    out.usable.push_back(make_command_hook({command.name, command.run, command.filter, command.time_limit}));
  return out;
}

Result<std::vector<DeliverySummary>> deliver_now(const Settings& settings, Database& db, Clock& clock, Log& log,
                                                 Millis limit, const std::stop_token& stop) {
  const Outbox outbox(db);
  std::vector<DeliverySummary> out;
  for (const auto& name : receiver_names(settings))
    if (const auto row = outbox.find_receiver(name)) {
      out.emplace_back().receiver = name;
      out.back().delivered = -row->delivered;
    }

  Receivers receivers = make_receivers(settings, clock, log);
  OutboxPump pump(db, clock, log, std::move(receivers.usable));
  pump.pump(TimeLimit(clock, limit, stop).token());

  for (auto& summary : out) {
    const auto row = *outbox.find_receiver(summary.receiver);
    summary.delivered += row.delivered;
    summary.waiting = outbox.count(row.receiver, DeliveryState::kWaiting) + outbox.behind(row);
    summary.dead = outbox.count(row.receiver, DeliveryState::kDead);
    summary.disabled = row.disabled_at.has_value();
    summary.reason = row.reason;
  }
  if (!receivers.unusable.empty()) return receivers.unusable.front();
  return out;
}

}  // namespace damsync
