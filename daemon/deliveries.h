#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/config/settings.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "storage/journal/outbox.h"
#include "sync/deliver/receiver.h"

namespace damsync {

class Database;
struct Workspace;

/// The names of all receivers of the settings.
std::vector<std::string> receiver_names(const Settings& settings);

/// What a receiver of the settings wants; null: they name it no more, and it is told nothing.
const EventFilter* filter_of(const Settings& settings, const std::string& receiver);

/// How many changes a receiver is still to be told: those that wait, and those it wants of what it has not come to.
std::int64_t undelivered(Database& db, const Settings& settings, const ReceiverRow& receiver);

/// The receivers of the settings with their secrets in place, for `OutboxPump`. For one that cannot be used (its
/// secret, its CA file) there is a stand-in that fails with the reason whatever it is handed; it is logged, too.
struct Receivers {
  std::vector<std::unique_ptr<Receiver>> usable;
  std::vector<Error> unusable;
};
Receivers make_receivers(const Settings& settings, Clock& clock, Log& log, const std::stop_token& stop);

/// What one call of `deliver_now` came to, for one receiver.
struct DeliverySummary {
  std::string receiver;
  std::int64_t delivered = 0;  ///< by this call
  std::int64_t waiting = 0;    ///< what it is still to be told
  std::int64_t dead = 0;
  bool disabled = false;
  std::string reason;  ///< of the last failure
};

/// Counts what the receivers of the settings are told from now on.
class DeliveryCount {
 public:
  DeliveryCount(const Settings& settings, Database& db);
  [[nodiscard]] std::vector<DeliverySummary> so_far() const;

 private:
  const Settings& settings_;
  Database& db_;
  std::vector<DeliverySummary> begun_;
};

/// What came of one call of `deliver_now`.
struct DeliveryReport {
  std::vector<DeliverySummary> receivers;
  std::vector<Error> unusable;  ///< see `make_receivers`; the others were served
};

/// Delivers what is due, for `limit` at most: for commands that no daemon works beside. What is left waits for the next
/// call. The receivers must be known to the catalog already (`open_workspace` sees to it).
DeliveryReport deliver_now(const Settings& settings, Database& db, Clock& clock, Log& log, Millis limit,
                           const std::stop_token& stop);

/// Brings the feed's files in the store up to date, where the settings ask for them. False, and logged: they are
/// behind; the next call makes up for it. `moved` is called whenever it got somewhere. Threads: any.
bool write_feed_files(const Settings& settings, Workspace& workspace, Log& log, const std::stop_token& stop,
                      const std::function<void()>& moved);

/// For `--json`, and one line for people.
Json json_of(const DeliverySummary& summary);
std::string text_of(const DeliverySummary& summary);

}  // namespace damsync
