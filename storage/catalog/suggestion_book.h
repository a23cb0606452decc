#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/time.h"
#include "storage/model/suggestion.h"

namespace damsync {

class Database;

/// What could stand in for assets that are withdrawn, as it was read when they were.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  one thread.
class SuggestionBook {
 public:
  explicit SuggestionBook(Database& db) : db_(db) {}

  /// Withdrawn assets of the account whose suggestions were not read since, those that were never tried first;
  /// without those that were tried after `tried_before`.
  [[nodiscard]] std::vector<std::string> unread(const std::string& account, UtcTime tried_before,
                                                std::size_t limit) const;
  /// The best first; empty where there are none or where they were not read.
  [[nodiscard]] std::vector<Suggestion> of(const std::string& account, const std::string& asset_id) const;
  /// When they were read; nothing: never.
  [[nodiscard]] std::optional<UtcTime> read_at(const std::string& account, const std::string& asset_id) const;

  /// Replaces those of the asset. Must be called inside a `Transaction`, as the next.
  void put(const std::string& account, const std::string& asset_id, const std::vector<Suggestion>& suggestions,
           UtcTime now);
  /// They could not be read.
  void note_failure(const std::string& account, const std::string& asset_id, UtcTime now);

 private:
  Database& db_;
};

}  // namespace damsync
