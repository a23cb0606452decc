#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/cli/verb_answer.h"
#include "storage/base/result.h"
#include "storage/base/time.h"

namespace damsync {

class Database;

/// What a person says about the book of spending calls.
struct SpendVerb {
  std::string what;           ///< `settle`, `forget` or `acknowledge`
  std::int64_t spend_id = 0;  ///< of the first two
  std::string by, reason;     ///< kept as evidence
};

/// Whose call it is that is decided; nothing: there is no such row.
std::optional<std::string> account_of(Database& db, const SpendVerb& verb);

/// Writes it down. None of those accounts may have a cycle meanwhile: the guard that pays has read the book.
///
/// Errors   kUsage: no such row, one that is decided, nothing to acknowledge; kStorage: the mark beside the catalog
///          cannot be written. SQL failures throw (`DatabaseError`).
Result<VerbAnswer> decide_spend(Database& db, const SpendVerb& verb, UtcTime now);

/// That `id` is the number of no row.
Error unknown_spend(const std::string& id);
/// That nothing stops paying.
Error nothing_to_acknowledge();

}  // namespace damsync
