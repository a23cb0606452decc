#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "storage/base/time.h"

namespace damsync {

class Database;

/// A file in the store that belongs to no license.
struct StrayFile {
  std::string path;  ///< relative to the store root
  std::int64_t bytes = 0;
  UtcTime first_seen_at{};
};

/// What lay in the store without a license, from when until when. Written by whoever compares all names of the store
/// with the catalog: `begin`, `saw` or `doubts` for each, `finish`; all inside one `Transaction`.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  one.
class StrayBook {
 public:
  explicit StrayBook(Database& db) : db_(db) {}

  /// A comparison begins.
  void begin(UtcTime now);
  void saw(const std::string& path, std::int64_t bytes);
  /// It is there and may belong to a license all the same: listed on when it was before, and not begun to be.
  void doubts(const std::string& path);
  /// It is complete: what was there before and was not seen is gone.
  void finish();

  /// Those that were there at that moment, in path order; `visit` returns false to stop.
  void list(UtcTime at, const std::function<bool(const StrayFile&)>& visit) const;
  /// When all names were last compared; nothing: never, or later than that.
  [[nodiscard]] std::optional<UtcTime> compared_at(UtcTime at) const;

 private:
  Database& db_;
  UtcTime now_{};
};

}  // namespace damsync
