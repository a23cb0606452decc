#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/base/time.h"

namespace damsync {

class Database;
struct SpendIntent;

/// Every spending call that was ever begun, noted beside the catalog (`<catalog>.spends`), one a line. A catalog that
/// came back from a backup does not know what was paid for since; the mark does: until a person has looked nothing more
/// is paid for, and then the catalog learns of those calls. A catalog that has no file keeps no mark.
///
/// Durable  each writing method: when it returns, the mark survives a power cut.
/// Errors   kStorage when it cannot be written; kGuard as told below; SQL failures throw (`DatabaseError`).
/// Threads  one thread, the one of the database.
class SpendMark {
 public:
  explicit SpendMark(Database& db);

  /// kGuard, and what to do, when the catalog does not know the newest call the mark names, or the mark is gone or
  /// damaged.
  [[nodiscard]] Status check() const;
  /// The same, and begins a mark where there never was one: to be asked before anything is paid for.
  Status admit();
  /// The catalog was made again and knows of no call: from now on a mark that is missing needs a person, too.
  void expect();
  /// The call of this row is about to be made.
  Status note(std::int64_t spend_id, const SpendIntent& intent);
  /// A person has seen to it: what the mark knows and the catalog does not is written into its ledger as spent, as far
  /// as the catalog holds the license, and from here on the catalog counts. Who and why is kept in the file.
  Status acknowledge(const std::string& by, const std::string& reason, UtcTime now);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  /// A line of the file.
  struct Call {
    std::int64_t spend_id = 0;
    std::int64_t at = 0;  ///< milliseconds
    std::string line;
  };
  struct Reading {
    bool there = false;
    bool damaged = false;
    std::vector<Call> calls;  ///< oldest first
    std::string notes;        ///< decisions, as they stand in the file
  };
  [[nodiscard]] Reading read() const;
  [[nodiscard]] std::optional<Call> newest_row() const;
  [[nodiscard]] bool knows(const Call& call) const;
  [[nodiscard]] bool is_kept() const;
  void recover(const std::vector<Call>& calls, UtcTime now) const;
  Status write(const std::vector<Call>& calls, const std::string& notes) const;

  Database& db_;
  std::filesystem::path path_;  ///< empty: a catalog in memory
};

}  // namespace damsync
