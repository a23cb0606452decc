#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/model/plan.h"

namespace damsync {

class Database;

/// The plans of each account as they were last read.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  one thread.
class PlanBook {
 public:
  explicit PlanBook(Database& db) : db_(db) {}

  /// In id order.
  [[nodiscard]] std::vector<Plan> plans(const std::string& account) const;
  /// When they were last read; nothing: never.
  [[nodiscard]] std::optional<UtcTime> read_at(const std::string& account) const;
  /// Whether the provider said, when it was asked last, that the account may not read its plans.
  [[nodiscard]] bool refused(const std::string& account) const;
  /// Replaces all plans of the account. Must be called inside a `Transaction`, as `put_refused`.
  void replace(const std::string& account, const std::vector<Plan>& plans, UtcTime now);
  void put_refused(const std::string& account, bool refused);

 private:
  Database& db_;
};

}  // namespace damsync
