#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/event.h"

namespace damsync {

class Database;

/// How one receiver of events stands.
struct ReceiverRow {
  std::string receiver;
  std::int64_t position = 0;  ///< every change up to it was delivered, is not wanted, or has a row
  std::int64_t delivered = 0;
  int failures = 0;                      ///< first attempts that failed since it answered last
  std::optional<UtcTime> failing_since;  ///< it answers nothing well: it is only probed
  std::optional<UtcTime> quiet_until;    ///< nothing is sent before
  std::optional<UtcTime> disabled_at;    ///< it asked to be told nothing any more
  std::optional<UtcTime> last_ok_at;
  std::string reason;  ///< of the last failure
};

/// `disabled`, `failing` or `ok`.
const char* state_word(const ReceiverRow& receiver) noexcept;

/// `kDead`: given up; kept until somebody has it tried again.
enum class DeliveryState { kWaiting, kDead };
const char* to_word(DeliveryState state) noexcept;

/// A change that was not handed over in its turn.
struct DeliveryRow {
  std::string receiver;
  Change change;
  DeliveryState state = DeliveryState::kWaiting;
  int attempts = 0;
  UtcTime next_at{};
  UtcTime queued_at{};
  std::string reason;
};

/// Restricts a listing of deliveries; empty members do not.
struct DeliveryFilter {
  std::string receiver;
  std::string id;  ///< of the event
  std::optional<DeliveryState> state;
  std::optional<std::int64_t> limit;
};

/// What an outbox lets wait for one receiver that cannot be reached.
struct OutboxLimits {
  std::int64_t rows = 100'000;
  Millis age = std::chrono::hours(24 * 7);
};

/// The moment by which it is judged whether rows are due.
struct DeliveryTime {
  UtcTime now{};
  std::span<const Millis> longest;  ///< waits by attempts made; see `due_condition`
};

/// What came of a round with one receiver, to be noted at once.
struct DeliveryRound {
  ReceiverRow receiver;               ///< as it stands now
  std::int64_t from = 0;              ///< where the round began; a position that was moved since is left where it is
  std::vector<std::int64_t> settled;  ///< delivered; a row of it, if there was one, is done with
  std::vector<DeliveryRow> rows;      ///< written or replaced
  bool recovered = false;             ///< whatever waited for the receiver is due now
};

/// Delivery state of every receiver. The change feed itself is the outbox: what lies beyond a receiver's position waits
/// for it from the transaction that made the change (I6), at no cost for that transaction; only what is not handed over
/// in its turn gets a row.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  those of the `Database`; writing methods make a transaction each. One thread records the rounds of a
///          receiver; what people ask for may come from another one meanwhile.
class Outbox {
 public:
  explicit Outbox(Database& db) : db_(db) {}

  /// Receivers that are not known yet begin behind the last change there is now.
  void ensure(const std::vector<std::string>& receivers);

  [[nodiscard]] std::optional<ReceiverRow> find_receiver(const std::string& receiver) const;
  [[nodiscard]] std::vector<ReceiverRow> receivers() const;  ///< in name order
  /// The changes after `position`, in feed order.
  [[nodiscard]] std::vector<Change> changes_after(std::int64_t position, std::int64_t limit) const;
  /// Rows that wait behind no other row of their asset and are due, in feed order.
  [[nodiscard]] std::vector<DeliveryRow> due(const std::string& receiver, const DeliveryTime& time,
                                             std::int64_t limit) const;
  /// The one of those rows that was tried the least, so that a row that never goes through does not stand for all.
  [[nodiscard]] std::vector<DeliveryRow> probe(const std::string& receiver, const DeliveryTime& time) const;
  /// When the first of those rows is due, `time.now` at the earliest; nothing when none waits.
  [[nodiscard]] std::optional<UtcTime> next_due(const std::string& receiver, const DeliveryTime& time) const;
  /// Whether a change of that asset would have to wait behind a row.
  [[nodiscard]] bool waits(const std::string& receiver, const std::string& account, const std::string& asset_id) const;
  [[nodiscard]] bool beyond(std::int64_t position) const;  ///< there are changes after it

  /// Durable  when it returns, the round is kept.
  void record(const DeliveryRound& round);
  /// Gives up what waits beyond the limits, the oldest first; how many.
  std::int64_t trim(const std::string& receiver, const OutboxLimits& limits, UtcTime now);

  // -- for people ------------------------------------------------------------------------------------------------
  /// By receiver, in feed order; false stops.
  void list(const DeliveryFilter& filter, const std::function<bool(const DeliveryRow&)>& visit) const;
  /// Rows of a receiver in that state.
  [[nodiscard]] std::int64_t count(const std::string& receiver, DeliveryState state) const;
  /// Rows of a receiver that wait although they were tried so often already.
  [[nodiscard]] std::int64_t count_tried(const std::string& receiver, int attempts) const;
  /// Rows that the filter names are tried again from the beginning, now; how many.
  std::int64_t retry(const DeliveryFilter& filter, UtcTime now);
  /// The receiver is served again at once, disabled or not.
  void enable(const std::string& receiver);
  /// The last position before `time`.
  [[nodiscard]] std::int64_t position_before(UtcTime time) const;
  /// The receiver is told everything after `position` again; rows beyond it are done with.
  void rewind(const std::string& receiver, std::int64_t position);

 private:
  Database& db_;
};

}  // namespace damsync
