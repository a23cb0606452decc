#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "storage/model/event.h"

namespace damsync {

class Database;

/// The change feed by day (UTC), for those who keep it in daily portions, and how far they are.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  those of the `Database`.
class FeedDays {
 public:
  explicit FeedDays(Database& db) : db_(db) {}

  /// The position up to which the days were written out; 0: none was.
  [[nodiscard]] std::int64_t written() const;
  /// Must be called inside a `Transaction`.
  void put_written(std::int64_t seq);
  /// The days of the changes behind `after`, up to and with `head`, in order, each once.
  [[nodiscard]] std::vector<std::chrono::sys_days> behind(std::int64_t after, std::int64_t head) const;
  /// Every change of that day up to `head`, in feed order; `visit` returns false to stop.
  void each(std::chrono::sys_days day, std::int64_t head, const std::function<bool(const Change&)>& visit) const;

 private:
  Database& db_;
};

}  // namespace damsync
