#pragma once

#include <cstdint>

#include "storage/base/clock.h"
#include "storage/model/event.h"

namespace damsync {

class Database;

/// The feed of committed changes: appended in the transaction that makes the change, each with its row in the audit
/// log. What a change is about must be written before it.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  one thread.
class ChangeJournal {
 public:
  ChangeJournal(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

  /// Raises the asset's revision by one, or above the catalog's floor of revisions, and appends the row with it;
  /// returns the row as stored. Must be called inside a `Transaction`. Changes without an asset (`asset_id` empty) have
  /// revision 0.
  Change append(Change change);

 private:
  Database& db_;
  const Clock& clock_;
};

}  // namespace damsync
