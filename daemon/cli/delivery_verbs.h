#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/verb_answer.h"
#include "daemon/config/settings.h"
#include "daemon/deliveries.h"
#include "storage/base/result.h"
#include "storage/journal/outbox.h"

namespace damsync {

/// Which deliveries `deliveries retry` is about.
struct RetryRequest {
  std::string receiver;          ///< empty: any
  std::vector<std::string> ids;  ///< of events; none: all that wait or were given up
};

/// From where on `deliveries replay` tells again.
struct ReplayRequest {
  std::string receiver;  ///< empty: all
  std::int64_t since_seq = 0;
  std::optional<UtcTime> since_time;  ///< goes before `since_seq`
};

/// The receiver of that name, or all of the catalog for none. Errors: kUsage when nobody is called so.
Result<std::vector<ReceiverRow>> chosen_receivers(const Outbox& outbox, const Settings& settings,
                                                  const std::string& name);

/// Has deliveries tried again from the beginning, now; their receivers are served at once, whether they had asked to be
/// left alone or to be told nothing any more.
///
/// Errors   kUsage: no such receiver or delivery; SQL failures throw (`DatabaseError`), here and below.
Result<VerbAnswer> retry_deliveries(const Settings& settings, Database& db, const RetryRequest& request, UtcTime now);

/// Tells receivers again what they were told. Errors: kUsage.
Result<VerbAnswer> replay_deliveries(const Settings& settings, Database& db, const ReplayRequest& request);

/// What `deliveries run` says of its work.
VerbAnswer answer_of(const DeliveryReport& report);

}  // namespace damsync
