#include "daemon/connections.h"

#include <atomic>
#include <utility>

#include "daemon/config/secrets.h"
#include "sync/providers/provider_factory.h"

namespace damsync {
namespace {

/// The clock of the job that has the connection; between jobs the one that outlives them all.
class LentClock final : public Clock {
 public:
  explicit LentClock(Clock& own) : own_(own), current_(&own) {}

  void follow(Clock& clock) { current_ = &clock; }
  void come_home() { current_ = &own_; }
  [[nodiscard]] SteadyTime steady() const override { return current_.load()->steady(); }
  [[nodiscard]] UtcTime utc() const override { return current_.load()->utc(); }
  bool wait(Millis duration, std::stop_token stop) override { return current_.load()->wait(duration, std::move(stop)); }

 private:
  Clock& own_;
  std::atomic<Clock*> current_;
};

}  // namespace

struct Connections::Kept {
  explicit Kept(Clock& own) : clock(own) {}

  Status connect(ProviderSettings fresh, Log& log) {
    connection.reset();
    settings = std::move(fresh);
    ProviderSettings watched = settings;
    // A refresh token that we replaced ourselves is no reason to start over.
    if (auto save = settings.token_place.save)
      watched.token_place.save = [this, save](const Secret& replaced) {
        auto saved = save(replaced);
        if (saved) settings.refresh_token = replaced;
        return saved;
      };
    auto made = make_connection(watched, clock, log);
    if (!made) return made.error();
    connection = std::move(*made);
    return {};
  }

  std::mutex mutex;  ///< held by the lease
  LentClock clock;
  ProviderSettings settings;
  std::unique_ptr<AccountConnection> connection;
};

Connections::~Connections() = default;

std::shared_ptr<Connections::Kept> Connections::place_of(const std::string& account) {
  const std::lock_guard lock(mutex_);
  auto& place = kept_[account];
  if (!place) place = std::make_shared<Kept>(clock_);
  return place;
}

Result<Connections::Lease> Connections::lend(const AccountSettings& account, Clock& clock, std::stop_token stop) {
  auto kept = place_of(account.provider.account);
  std::unique_lock held(kept->mutex);
  SecretSource secrets(log_.redactor(), std::move(stop));
  auto resolved = resolve_account(account, secrets);
  if (!resolved) return resolved.error();
  kept->clock.follow(clock);
  if (!kept->connection || !(kept->settings == *resolved))
    if (auto made = kept->connect(std::move(*resolved), log_); !made) {
      kept->clock.come_home();
      return made.error();
    }
  return Lease(std::move(kept), std::move(held));
}

void Connections::forget() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

Connections::Lease::Lease(std::shared_ptr<Kept> kept, std::unique_lock<std::mutex> held)
    : kept_(std::move(kept)), held_(std::move(held)), before_(all_calls()) {}

Connections::Lease::~Lease() {
  if (kept_) kept_->clock.come_home();
}

AccountConnection& Connections::Lease::connection() const { return *kept_->connection; }

CallCount Connections::Lease::calls() const {
  const CallCount now = all_calls();
  return {now.free - before_.free, now.spending - before_.spending};
}

CallCount Connections::Lease::all_calls() const {
  const CallCounter& counter = kept_->connection->calls();
  return {counter.free.load(), counter.spending.load()};
}

}  // namespace damsync
