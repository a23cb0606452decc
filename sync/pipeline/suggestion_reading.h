#pragma once

#include <stop_token>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "sync/providers/suggestion_source.h"

namespace damsync {

class Database;

/// Reads into the catalog what could stand in for assets that were withdrawn since, some of them at a time. That it
/// cannot be read is logged and changes nothing: it is tried again an hour later.
void read_suggestions(Database& db, const std::string& account, SuggestionSource& source, const Clock& clock, Log& log,
                      std::stop_token stop);

}  // namespace damsync
