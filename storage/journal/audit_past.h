#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace damsync {

class Database;

/// How far the log covers the tables of the past: the newest `past_id` of asset_past, license_past, file_past and
/// plan_past. For `audit_log.cpp` and `audit_check.cpp`.
///
/// Errors   SQL failures throw (`DatabaseError`).
using PastPosition = std::array<std::int64_t, 4>;

/// What the detail of a row about a change says.
struct AuditDetail {
  std::string content;               ///< digest of the license or asset, or of the stored file; empty: covers none
  std::optional<std::string> file;   ///< of a changed license: SHA-256 of its file, empty without one
  std::optional<PastPosition> past;  ///< the past is covered up to there
  std::string past_digest;           ///< of the rows since the last position

  [[nodiscard]] std::string to_text() const;
  /// Rows of an older damsync have nothing but a content.
  static AuditDetail from_text(std::string_view text);
};

/// What the log covers by now, and what stands in the tables.
PastPosition covered_past(Database& db);
PastPosition newest_past(Database& db);
/// Digest of the rows behind `from` up to `to`.
std::string past_digest(Database& db, const PastPosition& from, const PastPosition& to);

}  // namespace damsync
