#include "storage/journal/outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "storage/catalog/backoff.h"
#include "storage/catalog/rows.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

constexpr const char* kSelectReceiver =
    "SELECT receiver, position, delivered, failures, failing_since, quiet_until, disabled_at, last_ok_at, reason"
    " FROM receiver";

constexpr const char* kSelectDelivery =
    "SELECT c.seq, c.id, c.time, c.type, c.provider, c.account, c.asset_id, c.license_id, c.revision, c.fields,"
    " d.receiver, d.state, d.attempts, d.next_at, d.queued_at, d.reason FROM delivery d CROSS JOIN change c"
    " ON c.seq = d.seq";

/// No earlier row of the asset waits; changes about no asset wait for nobody. Without the hint SQLite walks all rows of
/// the receiver for each of them.
constexpr const char* kInTurn =
    "(d.asset_id = '' OR NOT EXISTS (SELECT 1 FROM delivery e INDEXED BY delivery_asset WHERE e.receiver = d.receiver"
    " AND e.account = d.account AND e.asset_id = d.asset_id AND e.state = 'waiting' AND e.seq < d.seq))";

ReceiverRow read_receiver(const Statement& row) {
  return {row.text(0),     row.int64(1),    row.int64(2),    static_cast<int>(row.int64(3)),
          row.opt_time(4), row.opt_time(5), row.opt_time(6), row.opt_time(7),
          row.text(8)};
}

DeliveryRow read_delivery(const Statement& row) {
  return {.receiver = row.text(10),
          .change = read_change(row),
          .state = row.text(11) == "dead" ? DeliveryState::kDead : DeliveryState::kWaiting,
          .attempts = static_cast<int>(row.int64(12)),
          .next_at = row.time(13),
          .queued_at = row.time(14),
          .reason = row.text(15)};
}

void put_receiver(Database& db, const ReceiverRow& row, std::int64_t from) {
  Statement(db,
            "UPDATE receiver SET position = CASE position WHEN ? THEN ? ELSE position END, delivered = ?, failures = ?,"
            " failing_since = ?, quiet_until = ?, disabled_at = ?, last_ok_at = ?, reason = ? WHERE receiver = ?")
      .bind_all(from, row.position, row.delivered, row.failures, row.failing_since, row.quiet_until, row.disabled_at,
                row.last_ok_at, row.reason, row.receiver)
      .run();
}

void put_delivery(Database& db, const DeliveryRow& row) {
  Statement(db,
            "INSERT INTO delivery (receiver, seq, account, asset_id, state, attempts, next_at, queued_at, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state,"
            " attempts = excluded.attempts, next_at = excluded.next_at, reason = excluded.reason")
      .bind_all(row.receiver, row.change.seq, row.change.account, row.change.asset_id, to_word(row.state), row.attempts,
                row.next_at, row.queued_at, row.reason)
      .run();
}

std::vector<DeliveryRow> due_rows(Database& db, const std::string& receiver, const DeliveryTime& time,
                                  std::string_view order) {
  Statement query(db, fmt::format("{} WHERE d.receiver = ?1 AND d.state = 'waiting' AND {} AND {} ORDER BY {}",
                                  kSelectDelivery, due_condition("d", "?2", time.longest), kInTurn, order));
  query.bind_all(receiver, time.now);
  std::vector<DeliveryRow> out;
  while (query.step()) out.push_back(read_delivery(query));
  return out;
}

}  // namespace

const char* state_word(const ReceiverRow& receiver) noexcept {
  if (receiver.disabled_at) return "disabled";
  return receiver.failing_since ? "failing" : "ok";
}

const char* to_word(DeliveryState state) noexcept { return state == DeliveryState::kDead ? "dead" : "waiting"; }

void Outbox::ensure(const std::vector<std::string>& receivers) {
  const auto known = [this](const std::string& name) { return find_receiver(name).has_value(); };
  if (std::all_of(receivers.begin(), receivers.end(), known)) return;
  Transaction tx(db_);
  for (const auto& receiver : receivers)
    Statement(db_,
              "INSERT INTO receiver (receiver, position) SELECT ?, coalesce(max(seq), 0) FROM change WHERE true"
              " ON CONFLICT DO NOTHING")
        .bind(receiver)
        .run();
  tx.commit();
}

std::optional<ReceiverRow> Outbox::find_receiver(const std::string& receiver) const {
  Statement query(db_, std::string(kSelectReceiver) + " WHERE receiver = ?");
  if (!query.bind(receiver).step()) return std::nullopt;
  return read_receiver(query);
}

std::vector<ReceiverRow> Outbox::receivers() const {
  Statement query(db_, std::string(kSelectReceiver) + " ORDER BY receiver");
  std::vector<ReceiverRow> out;
  while (query.step()) out.push_back(read_receiver(query));
  return out;
}

std::vector<Change> Outbox::changes_after(std::int64_t position, std::int64_t limit) const {
  Statement query(db_, std::string(kSelectChange) + " WHERE seq > ? ORDER BY seq LIMIT ?");
  query.bind_all(position, limit);
  std::vector<Change> out;
  while (query.step()) out.push_back(read_change(query));
  return out;
}

std::vector<DeliveryRow> Outbox::due(const std::string& receiver, const DeliveryTime& time, std::int64_t limit) const {
  return due_rows(db_, receiver, time, fmt::format("d.seq LIMIT {}", limit));
}

std::vector<DeliveryRow> Outbox::probe(const std::string& receiver, const DeliveryTime& time) const {
  return due_rows(db_, receiver, time, "d.attempts, d.seq LIMIT 1");
}

std::optional<UtcTime> Outbox::next_due(const std::string& receiver, const DeliveryTime& time) const {
  Statement query(db_, fmt::format("SELECT min(iif({}, ?2, d.next_at)) FROM delivery d WHERE d.receiver = ?1"
                                   " AND d.state = 'waiting' AND {}",
                                   due_condition("d", "?2", time.longest), kInTurn));
  query.bind_all(receiver, time.now).step();
  return query.opt_time(0);
}

bool Outbox::waits(const std::string& receiver, const std::string& account, const std::string& asset_id) const {
  if (asset_id.empty()) return false;
  Statement query(db_,
                  "SELECT 1 FROM delivery INDEXED BY delivery_asset WHERE receiver = ? AND account = ? AND asset_id = ?"
                  " AND state = 'waiting' LIMIT 1");
  return query.bind_all(receiver, account, asset_id).step();
}

bool Outbox::beyond(std::int64_t position) const {
  Statement query(db_, "SELECT 1 FROM change WHERE seq > ? LIMIT 1");
  return query.bind(position).step();
}

void Outbox::record(const DeliveryRound& round) {
  const std::string& receiver = round.receiver.receiver;
  Transaction tx(db_);
  for (const std::int64_t seq : round.settled)
    Statement(db_, "DELETE FROM delivery WHERE receiver = ? AND seq = ?").bind_all(receiver, seq).run();
  if (round.recovered)
    Statement(db_, "UPDATE delivery SET next_at = 0 WHERE receiver = ? AND state = 'waiting'").bind(receiver).run();
  for (const auto& row : round.rows) put_delivery(db_, row);
  put_receiver(db_, round.receiver, round.from);
  tx.commit();
}

std::int64_t Outbox::trim(const std::string& receiver, const OutboxLimits& limits, UtcTime now) {
  Transaction tx(db_);
  std::int64_t given_up = Statement(db_,
                                    "UPDATE delivery SET state = 'dead', reason = 'waited too long; ' || reason"
                                    " WHERE receiver = ? AND state = 'waiting' AND queued_at < ?")
                              .bind_all(receiver, now - limits.age)
                              .run();
  given_up += Statement(db_,
                        "UPDATE delivery SET state = 'dead', reason = 'too many waited; ' || reason"
                        " WHERE receiver = ?1 AND state = 'waiting' AND seq <= (SELECT seq FROM delivery"
                        " WHERE receiver = ?1 AND state = 'waiting' ORDER BY seq DESC LIMIT 1 OFFSET ?2)")
                  .bind_all(receiver, limits.rows)
                  .run();
  tx.commit();
  return given_up;
}

void Outbox::list(const DeliveryFilter& filter, const std::function<bool(const DeliveryRow&)>& visit) const {
  const std::optional<std::string> state =
      filter.state ? std::optional<std::string>(to_word(*filter.state)) : std::nullopt;
  Statement query(db_, std::string(kSelectDelivery) +
                           " WHERE (?1 = '' OR d.receiver = ?1) AND (?2 IS NULL OR d.state = ?2)"
                           " AND (?3 = '' OR c.id = ?3) ORDER BY d.receiver, d.seq LIMIT ?4");
  query.bind_all(filter.receiver, state, filter.id, filter.limit.value_or(-1));
  while (query.step())
    if (!visit(read_delivery(query))) return;
}

std::int64_t Outbox::count(const std::string& receiver, DeliveryState state) const {
  Statement query(db_, "SELECT count(*) FROM delivery WHERE receiver = ? AND state = ?");
  query.bind_all(receiver, to_word(state)).step();
  return query.int64(0);
}

std::int64_t Outbox::count_tried(const std::string& receiver, int attempts) const {
  Statement query(db_, "SELECT count(*) FROM delivery WHERE receiver = ? AND state = 'waiting' AND attempts >= ?");
  query.bind_all(receiver, attempts).step();
  return query.int64(0);
}

std::int64_t Outbox::retry(const DeliveryFilter& filter, UtcTime now) {
  Transaction tx(db_);
  const auto tried = Statement(db_,
                               "UPDATE delivery SET state = 'waiting', attempts = 0, next_at = ?1, queued_at = ?1"
                               " WHERE (?2 = '' OR receiver = ?2)"
                               " AND (?3 = '' OR seq = (SELECT seq FROM change WHERE id = ?3))")
                         .bind_all(now, filter.receiver, filter.id)
                         .run();
  tx.commit();
  return tried;
}

void Outbox::enable(const std::string& receiver) {
  Transaction tx(db_);
  Statement(db_,
            "UPDATE receiver SET failures = 0, failing_since = NULL, quiet_until = NULL, disabled_at = NULL"
            " WHERE receiver = ?")
      .bind(receiver)
      .run();
  tx.commit();
}

std::int64_t Outbox::position_before(UtcTime time) const {
  Statement query(db_,
                  "SELECT coalesce((SELECT min(seq) - 1 FROM change WHERE time >= ?),"
                  " (SELECT max(seq) FROM change), 0)");
  query.bind(time).step();
  return query.int64(0);
}

void Outbox::rewind(const std::string& receiver, std::int64_t position) {
  Transaction tx(db_);
  Statement(db_, "UPDATE receiver SET position = min(position, ?) WHERE receiver = ?")
      .bind_all(position, receiver)
      .run();
  Statement(db_, "DELETE FROM delivery WHERE receiver = ? AND seq > ?").bind_all(receiver, position).run();
  tx.commit();
}

}  // namespace damsync
