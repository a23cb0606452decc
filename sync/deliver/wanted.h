#pragma once

#include <cstdint>

#include "storage/journal/change_details.h"
#include "storage/model/event.h"
#include "sync/deliver/event_filter.h"

namespace damsync {

/// Whether a filter lets a change pass, by what the catalog knows now; `details` are those of a change that does.
///
/// Errors   SQL failures throw (`DatabaseError`), here and below.
bool wants_change(Database& db, const EventFilter& filter, const Change& change, ChangeDetails& details);

/// How many changes of the feed after `position` a filter lets pass.
std::int64_t count_wanted(Database& db, const EventFilter& filter, std::int64_t position);

}  // namespace damsync
