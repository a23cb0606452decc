#include "sync/deliver/webhook.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "storage/base/text.h"
#include "sync/deliver/webhook_signature.h"
#include "sync/http/http_status.h"

namespace damsync {
namespace {

constexpr std::int64_t kMaxAnswerBytes = 4 << 10;
constexpr int kInFlight = 4;
constexpr int kTimeout = 408;
constexpr int kGone = 410;
constexpr int kTooMany = 429;

Outcome failed(std::string reason) { return {Outcome::Kind::kFailed, std::move(reason), std::nullopt}; }

/// Whether a status is about the receiver and not about the event.
bool is_unwell(int status) { return status >= 500 || status == kTimeout || status == kTooMany; }

class Webhook final : public Receiver {
 public:
  Webhook(WebhookTarget target, std::vector<Secret> keys, std::unique_ptr<HttpTransport> transport, const Clock& clock)
      : target_(std::move(target)), keys_(std::move(keys)), transport_(std::move(transport)), clock_(clock) {}

  const std::string& name() const override { return target_.name; }
  const EventFilter& filter() const override { return target_.filter; }
  int in_flight() const override { return kInFlight; }

  Outcome send(const Event& event, std::stop_token stop) override {
    const auto answer = transport_->send(request_for(event), nullptr, stop);
    if (answer) return judge(*answer);
    if (answer.error().code == ErrorCode::kCancelled || stop.stop_requested())
      return {Outcome::Kind::kNotTried, "", {}};
    return failed(answer.error().message);
  }

 private:
  [[nodiscard]] HttpRequest request_for(const Event& event) const {
    const std::string timestamp = std::to_string(to_millis(clock_.utc()) / 1000);
    HttpRequest request;
    request.method = Method::kPost;
    request.url = target_.url;
    request.headers = {{"webhook-id", event.change.id},
                       {"webhook-timestamp", timestamp},
                       {"webhook-signature", webhook_signature(keys_, event.change.id, timestamp, event.body)}};
    request.body = event.body;
    request.content_type = "application/cloudevents+json; charset=utf-8";
    request.use = AnswerUse::kStatus;
    request.deadline = target_.time_limit;
    request.max_body_bytes = kMaxAnswerBytes;
    return request;
  }

  [[nodiscard]] Outcome judge(const HttpResponse& answer) const {
    if (answer.status >= 200 && answer.status < 300) return {};
    Outcome out = failed(fmt::format("{} answered {}", target_.url.display(), answer.status));
    if (answer.status >= 300 && answer.status < 400) out.reason += "; redirects are not followed";
    if (!is_unwell(answer.status)) out.kind = answer.status == kGone ? Outcome::Kind::kGone : Outcome::Kind::kRefused;
    out.retry_after = retry_after(answer.headers, clock_.utc());
    return out;
  }

  const WebhookTarget target_;
  const std::vector<Secret> keys_;
  const std::unique_ptr<HttpTransport> transport_;
  const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Receiver>> make_webhook(WebhookTarget target, const Clock& clock, Lookup lookup) {
  std::vector<Secret> keys;
  for (const Secret* secret : {&target.secret, &target.previous_secret}) {
    if (secret == &target.previous_secret && secret->empty()) continue;
    auto key = webhook_key(*secret);
    if (!key) return make_error(ErrorCode::kSettings, fmt::format("webhook {}: {}", target.name, key.error().message));
    keys.push_back(std::move(*key));
  }
  TransportSettings settings;
  settings.base_url = target.url;
  settings.own_network = target.own_network;
  settings.ca_file = target.ca_file;
  settings.user_agent = "damsync/" DAMSYNC_VERSION " (+https://damsync.org)";
  settings.max_idle_per_origin = kInFlight;
  auto transport = make_poco_transport(std::move(settings), std::move(lookup));
  if (!transport) return transport.error();
  return std::unique_ptr<Receiver>(
      std::make_unique<Webhook>(std::move(target), std::move(keys), std::move(*transport), clock));
}

}  // namespace damsync
