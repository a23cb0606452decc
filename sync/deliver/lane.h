#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/journal/change_details.h"
#include "storage/journal/outbox.h"
#include "sync/deliver/delivery_schedule.h"
#include "sync/deliver/receiver.h"

namespace damsync {

/// The way of the changes to one receiver, round after round: read what is due, hand it over, note what came of it.
///
/// A change that fails waits for its next attempt by the schedule, and the later ones of its asset wait behind it;
/// other assets go on. A change that is refused says nothing about the receiver. Once changes of several assets could
/// not be handed over in a row it is the receiver that fails: then everything waits, and one change at a time is tried,
/// those tried least first, until one is answered.
///
/// What waits is kept by the wall clock, so that a restart honours it, and that clock may be wrong for a while: a wait
/// longer than any there is counts as over, and only time that really went by makes a change too old.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  one thread calls it; it uses `Receiver::in_flight` more for a round.
class Lane {
 public:
  Lane(Database& db, Clock& clock, Log& log, Receiver& receiver, OutboxLimits limits = {});

  /// One round. False: nothing is due now.
  bool round(const std::stop_token& stop);
  /// How long until something may be due; nothing when nothing waits.
  [[nodiscard]] std::optional<Millis> next_in() const;

 private:
  /// A change on its way.
  struct Item {
    DeliveryRow row;
    bool queued = false;  ///< it has a row already
    Event event;
    std::optional<Outcome> outcome;  ///< nothing: not tried
  };
  /// Changes of one asset, in order.
  using Group = std::vector<Item>;
  struct Batch {
    std::vector<Group> groups;
    std::vector<DeliveryRow> behind;  ///< changes of the feed that wait behind a row of their asset
    std::int64_t end = 0;             ///< the feed was read up to here
    bool aborted = false;             ///< not all of it was tried
  };
  class Collecting;

  Batch collect(UtcTime now);
  void take_in(UtcTime now, const std::stop_token& stop);
  void send(Batch& batch, const std::stop_token& stop);
  void send_group(Group& group, Batch& batch, const std::stop_token& stop);
  void judge(const Item& item, Batch& batch);
  void succeeded();
  void answered();
  void failed(const Item& item, Batch& batch);
  void record(Batch& batch, UtcTime now);
  void settle(Item& item, DeliveryRound& round, UtcTime now);
  void log_failure(const DeliveryRow& row);
  [[nodiscard]] bool wanted(const Change& change, ChangeDetails& details) const;
  [[nodiscard]] Event event_of(const Change& change, const ChangeDetails& details) const;
  [[nodiscard]] DeliveryTime time_of(UtcTime now) const { return {now, longest_waits()}; }
  [[nodiscard]] UtcTime undisturbed(UtcTime now) const;
  [[nodiscard]] DeliveryRow new_row(const Change& change, UtcTime now) const;
  double chance();

  Database& db_;
  Clock& clock_;
  Log& log_;
  Receiver& receiver_;
  const OutboxLimits limits_;
  const UtcTime begun_utc_;
  const SteadyTime begun_steady_;
  Outbox outbox_;
  std::mutex mutex_;   // of what the sending threads share: state_, recovered_ and the batch's `aborted`
  ReceiverRow state_;  ///< as of this round
  bool recovered_ = false;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace damsync
