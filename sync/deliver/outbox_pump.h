#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "sync/deliver/receiver.h"

namespace damsync {

class Database;

/// Hands the changes of the feed to the receivers: at least once, in order for each asset (I6). Every receiver is
/// served by a thread of its own while it has something to do, so none waits for another; the catalog is used in short
/// statements and transactions, never while something is on its way, so no sync waits for a receiver.
///
/// Errors   SQL failures throw (`DatabaseError`) from `pump`; what a receiver refuses is a row of the outbox.
/// Threads  one thread calls `pump`; it starts others, all gone when it returns.
/// Durable  what was handed over is noted after it was: a crash in between hands it over again, with the same id.
class OutboxPump {
 public:
  /// Receivers the catalog does not know yet begin with the changes that are committed from now on. Make the pump
  /// before the work begins whose changes are to be delivered.
  OutboxPump(Database& db, Clock& clock, Log& log, std::vector<std::unique_ptr<Receiver>> receivers);
  ~OutboxPump();
  OutboxPump(const OutboxPump&) = delete;
  OutboxPump& operator=(const OutboxPump&) = delete;

  /// Delivers what is due; returns how long until more is due (nullopt: nothing waits). Changes that are committed
  /// meanwhile are taken along; call it again when others may have been.
  std::optional<Millis> pump(std::stop_token stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace damsync
