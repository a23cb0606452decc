#include "sync/deliver/lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "storage/base/crash_point.h"
#include "storage/base/text.h"
#include "storage/base/units.h"
#include "sync/deliver/delivery_schedule.h"
#include "sync/deliver/event_body.h"
#include "sync/deliver/wanted.h"

namespace damsync {
namespace {

/// What a crash between handing over and noting may repeat, at most.
constexpr std::int64_t kBatch = 64;
constexpr std::int64_t kRead = 256;
/// Changes that are passed over in one round, so that a position far behind moves in steps.
constexpr std::int64_t kMostRead = 8192;
constexpr std::size_t kMaxReason = 300;

/// Nothing may be sent yet. A time further off than any receiver is left alone for was noted by a clock that was ahead.
bool is_quiet(const ReceiverRow& receiver, UtcTime now) {
  return receiver.quiet_until && *receiver.quiet_until > now && *receiver.quiet_until - now <= kLongestQuiet;
}

}  // namespace

/// Gathers what a round hands over, one group an asset.
class Lane::Collecting {
 public:
  explicit Collecting(Batch& batch) : batch_(batch) {}

  void add(Item item) {
    const Change& change = item.row.change;
    ++count_;
    if (change.asset_id.empty()) {
      batch_.groups.push_back({});
      batch_.groups.back().push_back(std::move(item));
      return;
    }
    const auto [found, fresh] = places_.try_emplace({change.account, change.asset_id}, batch_.groups.size());
    if (fresh) batch_.groups.emplace_back();
    batch_.groups[found->second].push_back(std::move(item));
  }

  /// Whether the group of that asset begins with a change that waited already.
  [[nodiscard]] bool queued(const Change& change) const {
    const auto found = places_.find({change.account, change.asset_id});
    return found != places_.end() && batch_.groups[found->second].front().queued;
  }

  [[nodiscard]] std::int64_t count() const noexcept { return count_; }

 private:
  Batch& batch_;
  std::map<std::pair<std::string, std::string>, std::size_t> places_;
  std::int64_t count_ = 0;
};

Lane::Lane(Database& db, Clock& clock, Log& log, Receiver& receiver, OutboxLimits limits)
    : db_(db),
      clock_(clock),
      log_(log),
      receiver_(receiver),
      limits_(limits),
      begun_utc_(clock.utc()),
      begun_steady_(clock.steady()),
      outbox_(db) {}

bool Lane::round(const std::stop_token& stop) {
  const UtcTime now = clock_.utc();
  const auto known = outbox_.find_receiver(receiver_.name());
  if (!known || known->disabled_at || is_quiet(*known, now) || stop.stop_requested()) return false;
  state_ = *known;
  if (state_.quiet_until && *state_.quiet_until > now) state_.quiet_until.reset();
  recovered_ = false;
  if (state_.failing_since) take_in(now, stop);

  Batch batch = collect(now);
  if (batch.groups.empty() && batch.end == state_.position) return false;
  send(batch, stop);
  crash_point("deliver.sent");
  record(batch, now);
  crash_point("deliver.recorded");
  return true;
}

std::optional<Millis> Lane::next_in() const {
  const auto known = outbox_.find_receiver(receiver_.name());
  if (!known || known->disabled_at) return std::nullopt;
  const UtcTime now = clock_.utc();
  auto due = outbox_.next_due(known->receiver, time_of(now));
  if (outbox_.beyond(known->position)) due = std::min(due.value_or(now), now);
  if (!due) return std::nullopt;
  if (is_quiet(*known, now)) due = std::max(*due, *known->quiet_until);
  return std::max(*due - now, Millis(0));
}

/// What is due in a round: first what waited, then the feed. A receiver that fails gets one change.
Lane::Batch Lane::collect(UtcTime now) {
  const DeliveryTime time = time_of(now);
  Batch batch;
  batch.end = state_.position;
  Collecting collecting(batch);
  for (auto& row :
       state_.failing_since ? outbox_.probe(state_.receiver, time) : outbox_.due(state_.receiver, time, kBatch)) {
    const ChangeDetails details = read_details(db_, row.change);
    Event event = event_of(row.change, details);
    collecting.add({std::move(row), true, std::move(event), std::nullopt});
  }
  if (state_.failing_since) return batch;
  while (collecting.count() < kBatch && batch.end < state_.position + kMostRead) {
    const auto changes = outbox_.changes_after(batch.end, kRead);
    if (changes.empty()) break;
    for (const Change& change : changes) {
      if (collecting.count() == kBatch) return batch;
      batch.end = change.seq;
      ChangeDetails details;
      if (!wanted(change, details)) continue;
      if (collecting.queued(change) || outbox_.waits(state_.receiver, change.account, change.asset_id))
        batch.behind.push_back(new_row(change, now));
      else
        collecting.add({new_row(change, now), false, event_of(change, details), std::nullopt});
    }
  }
  return batch;
}

/// While a receiver fails, what it is to be told becomes rows: counted, bounded, and seen by people.
void Lane::take_in(UtcTime now, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto changes = outbox_.changes_after(state_.position, kRead);
    if (changes.empty()) break;
    DeliveryRound round;
    round.from = state_.position;
    for (const Change& change : changes) {
      ChangeDetails details;
      if (wanted(change, details)) round.rows.push_back(new_row(change, now));
    }
    state_.position = changes.back().seq;
    round.receiver = state_;
    outbox_.record(round);
  }
  if (const auto given_up = outbox_.trim(state_.receiver, limits_, undisturbed(now)); given_up > 0)
    log_.error("delivery.given_up", {{"receiver", state_.receiver},
                                     {"changes", std::to_string(given_up)},
                                     {"reason", "more waited, or for longer, than an outbox holds"}});
}

/// What time it is if nobody set the clock forward since the lane was made.
UtcTime Lane::undisturbed(UtcTime now) const {
  return std::min(now, begun_utc_ + std::chrono::floor<Millis>(clock_.steady() - begun_steady_));
}

bool Lane::wanted(const Change& change, ChangeDetails& details) const {
  return wants_change(db_, receiver_.filter(), change, details);
}

Event Lane::event_of(const Change& change, const ChangeDetails& details) const {
  std::optional<RunFailure> failure;
  if (change.type == EventType::kSyncFailed) failure = last_failure(db_, change.account);
  return {change, cloud_event(change, details, failure)};
}

DeliveryRow Lane::new_row(const Change& change, UtcTime now) const {
  return {state_.receiver, change, DeliveryState::kWaiting, 0, now, now, ""};
}

void Lane::send(Batch& batch, const std::stop_token& stop) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < batch.groups.size(); i = next++) send_group(batch.groups[i], batch, stop);
  };
  const auto threads = std::min(static_cast<std::size_t>(receiver_.in_flight()), batch.groups.size());
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
}

/// In order, up to the first that fails.
void Lane::send_group(Group& group, Batch& batch, const std::stop_token& stop) {
  for (Item& item : group) {
    {
      const std::lock_guard lock(mutex_);
      batch.aborted = batch.aborted || stop.stop_requested();
      if (batch.aborted) return;
    }
    Outcome outcome = receiver_.send(item.event, stop);
    const std::lock_guard lock(mutex_);
    if (outcome.kind == Outcome::Kind::kNotTried) {
      batch.aborted = true;
      return;
    }
    item.outcome = std::move(outcome);
    judge(item, batch);
    if (item.outcome->kind != Outcome::Kind::kDelivered) return;
    crash_point("deliver.handed_over");
  }
}

/// What an outcome says about the receiver as a whole.
void Lane::judge(const Item& item, Batch& batch) {
  const Outcome& outcome = *item.outcome;
  const UtcTime now = clock_.utc();
  if (outcome.kind == Outcome::Kind::kDelivered) return succeeded();
  state_.reason = printable(outcome.reason).substr(0, kMaxReason);
  if (outcome.kind == Outcome::Kind::kGone) {
    if (!state_.disabled_at)
      log_.error("receiver.disabled", {{"receiver", state_.receiver}, {"reason", state_.reason}});
    state_.disabled_at = now;
    batch.aborted = true;
    return;
  }
  if (outcome.kind == Outcome::Kind::kRefused) return answered();
  failed(item, batch);
  if (!outcome.retry_after) return;
  state_.quiet_until = std::max(state_.quiet_until.value_or(now), now + *outcome.retry_after);
  batch.aborted = true;
}

void Lane::succeeded() {
  ++state_.delivered;
  state_.last_ok_at = clock_.utc();
  state_.reason.clear();
  answered();
}

/// Who refuses one event is well: only that asset waits.
void Lane::answered() {
  state_.failures = 0;
  if (!state_.failing_since) return;
  log_.info("receiver.recovered", {{"receiver", state_.receiver}});
  state_.failing_since.reset();
  state_.quiet_until.reset();
  recovered_ = true;
}

/// Later attempts of a change say little about the receiver: one asset it does not like must not stop the others.
void Lane::failed(const Item& item, Batch& batch) {
  if (item.row.attempts > 0 && !state_.failing_since) return;
  ++state_.failures;
  if (state_.failures < kFailingAfter) return;
  const UtcTime now = clock_.utc();
  if (!state_.failing_since) {
    log_.warning("receiver.failing", {{"receiver", state_.receiver}, {"reason", state_.reason}});
    state_.failing_since = now;
  }
  state_.quiet_until = now + probe_wait(state_.failures, chance());
  batch.aborted = true;
}

/// The position stands behind the last change that was tried; what lies before it and did not arrive gets a row.
void Lane::record(Batch& batch, UtcTime now) {
  DeliveryRound round;
  round.from = state_.position;
  if (!batch.aborted) state_.position = batch.end;
  for (const Group& group : batch.groups)
    for (const Item& item : group)
      if (item.outcome && !item.queued) state_.position = std::max(state_.position, item.row.change.seq);
  for (Group& group : batch.groups)
    for (Item& item : group)
      if (item.queued || item.row.change.seq <= state_.position) settle(item, round, now);
  for (DeliveryRow& row : batch.behind)
    if (row.change.seq <= state_.position) round.rows.push_back(std::move(row));
  round.receiver = state_;
  round.recovered = recovered_;
  outbox_.record(round);
}

void Lane::settle(Item& item, DeliveryRound& round, UtcTime now) {
  DeliveryRow& row = item.row;
  if (!item.outcome) {
    if (!item.queued) round.rows.push_back(std::move(row));
    return;
  }
  if (item.outcome->kind == Outcome::Kind::kDelivered) {
    if (item.queued) round.settled.push_back(row.change.seq);
    return;
  }
  row.reason = printable(item.outcome->reason).substr(0, kMaxReason);
  if (item.outcome->kind != Outcome::Kind::kGone) {
    const auto wait = wait_after(++row.attempts, chance());
    if (wait) row.next_at = std::max(now + *wait, state_.quiet_until.value_or(now));
    if (!wait) row.state = DeliveryState::kDead;
    log_failure(row);
  }
  round.rows.push_back(std::move(row));
}

void Lane::log_failure(const DeliveryRow& row) {
  const bool dead = row.state == DeliveryState::kDead;
  log_.write(dead ? LogLevel::kError : LogLevel::kWarning, dead ? "delivery.given_up" : "delivery.failed",
             {{"receiver", row.receiver},
              {"event_id", row.change.id},
              {"account", row.change.account},
              {"asset", row.change.asset_id},
              {"attempts", std::to_string(row.attempts)},
              {"reason", row.reason},
              {"next_at", dead ? "never" : format_rfc3339(row.next_at)}});
}

double Lane::chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }

}  // namespace damsync
