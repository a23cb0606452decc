#pragma once

#include <string>

#include "storage/base/result.h"

namespace damsync {

class Database;

/// Ends paying for what does not come: on for an account while its newest calls all ended without naming a file, or
/// after a paid file was not the asset. Only a person lets go of it.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  one thread, the one of the database.
class SpendBrake {
 public:
  /// So many calls in a row may be lost before it is on.
  static constexpr int kLostCalls = 3;

  explicit SpendBrake(Database& db) : db_(db) {}

  /// kGuard, why and what to do, while it is on.
  [[nodiscard]] Status check(const std::string& account) const;
  void pull(const std::string& account, const std::string& reason);
  /// For all accounts: a person has looked, and what was lost until now counts no more.
  void release();

 private:
  Database& db_;
};

}  // namespace damsync
