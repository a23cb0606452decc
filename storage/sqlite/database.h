#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "storage/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace damsync {

/// SQL failed. `code()` is kStorage (full, I/O error, read-only), kLocked, kDamaged or kInternal.
class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(ErrorCode code, int sqlite_code, const std::string& message)
      : std::runtime_error(message), code_(code), sqlite_code_(sqlite_code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] int sqlite_code() const noexcept { return sqlite_code_; }

 private:
  ErrorCode code_;
  int sqlite_code_;
};

enum class OpenMode {
  kWrite,     ///< the one writing connection: creates the file (0640), WAL, synchronous=FULL
  kRead,      ///< read-only, never checkpoints, short-lived
  kInMemory,  ///< private and empty: for `--dry-run` and tests
};

/// One SQLite connection with the pragmas the promises need, and its cache of prepared statements.
///
/// The session is Poco::Data's; statements are prepared once on the handle under it, because re-preparing costs
/// 40 % and `use()` half of the speed, and because every step passes one place where tests inject faults.
///
/// Errors   opening returns kStorage (cannot open, not a regular file), kDamaged (not SQLite, foreign application_id,
/// newer
///          schema, fails quick_check), kLocked; later failures throw `DatabaseError`.
/// Threads  one thread at a time.
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, OpenMode mode);
  /// A private in-memory copy of an existing catalog (empty when the file does not exist): for `--dry-run`.
  static Result<std::unique_ptr<Database>> open_copy(const std::filesystem::path& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs statements that return nothing and take no parameters.
  void execute(std::string_view sql);
  /// True between a transaction's begin and its end.
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] sqlite3* handle() const noexcept;
  /// A prepared statement from the cache, reset and without bindings.
  sqlite3_stmt* prepared(std::string_view sql);
  /// Test seam: called before every step with a running number; a non-zero answer is taken as the SQLite code.
  using FaultHook = std::function<int(std::string_view sql)>;
  void set_fault_hook(FaultHook hook);
  [[nodiscard]] const FaultHook& fault_hook() const noexcept;

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace damsync
