#pragma once

#include <stop_token>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "sync/providers/plan_source.h"

namespace damsync {

class Database;

/// Reads an account's plans into the catalog when they were not read for a day. That they cannot be read is logged and
/// the cycle goes on: the plans of the last reading stay, and a provider that does not let them be read is noted.
void read_plans_if_due(Database& db, const std::string& account, PlanSource& source, const Clock& clock, Log& log,
                       std::stop_token stop);

}  // namespace damsync
