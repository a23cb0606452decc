#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "storage/base/result.h"
#include "storage/base/time.h"

namespace damsync {

class Database;

/// The newest spending call that was ever begun, noted beside the catalog (`<catalog>.spends`). A catalog that came
/// back from a backup does not know what was paid for since; the mark does, and until a person has looked nothing more
/// is paid for. A catalog that has no file keeps no mark.
///
/// Durable  each writing method: when it returns, the mark survives a power cut.
/// Errors   kStorage when it cannot be written; kGuard as told below; SQL failures throw (`DatabaseError`).
/// Threads  one thread, the one of the database.
class SpendMark {
 public:
  explicit SpendMark(Database& db);

  /// kGuard, and what to do, when the catalog does not know the call the mark names, or the mark is gone or damaged.
  [[nodiscard]] Status check() const;
  /// The same, and begins a mark where there never was one: to be asked before anything is paid for.
  Status admit();
  /// The catalog was made again and knows of no call: from now on a mark that is missing needs a person, too.
  void expect();
  /// The call of this row is about to be made.
  Status note(std::int64_t spend_id, UtcTime at);
  /// A person has seen to it: from here on the catalog's own newest row counts. Who and why is kept in the file.
  Status acknowledge(const std::string& by, const std::string& reason, UtcTime now);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  struct Newest {
    std::int64_t spend_id = 0;  ///< 0: none
    std::int64_t at = 0;        ///< milliseconds
  };
  struct Reading {
    bool there = false;
    std::optional<Newest> newest;  ///< empty: damaged
    std::string notes;             ///< decisions, as they stand in the file
  };
  [[nodiscard]] Reading read() const;
  [[nodiscard]] Newest newest_row() const;
  [[nodiscard]] bool knows(const Newest& call) const;
  [[nodiscard]] bool is_kept() const;
  Status write(const Newest& newest, const std::string& notes);

  Database& db_;
  std::filesystem::path path_;  ///< empty: a catalog in memory
};

}  // namespace damsync
