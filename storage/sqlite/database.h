#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "storage/base/clock.h"
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
  kWrite,     ///< the one writing connection: makes the catalog (0640) or brings it to the newest schema
  kRead,      ///< read-only, never checkpoints, short-lived
  kInMemory,  ///< private and empty, with the newest schema: for `--dry-run` and tests; the path is ignored
};

/// One SQLite connection with the pragmas the promises need, and its cache of prepared statements.
///
/// The session is Poco::Data's; statements are prepared once on the handle under it, because re-preparing costs
/// 40 % and `use()` half of the speed, and because every step passes one place where tests inject faults.
///
/// A catalog that is to be made appears under its name only when it is whole. A reader that finds no `-wal` and may
/// not make one reads the file as it is.
///
/// Errors   opening returns kStorage (missing for a reader, cannot be opened or written, older than a reader needs),
///          kDamaged (not a regular file, empty, not SQLite, foreign application_id, newer schema, altered schema,
///          fails quick_check: writers only), kLocked after 30 s; later failures throw `DatabaseError`.
/// Threads  any; a `Statement` and a `Transaction` hold the connection for their thread as long as they live, so nobody
///          waits for a network or another thread while one is alive.
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, OpenMode mode);
  /// A private in-memory copy of an existing catalog (empty when the file does not exist): for `--dry-run`.
  static Result<std::unique_ptr<Database>> open_copy(const std::filesystem::path& path);
  /// A whole file that nobody else uses, read as it is and whatever its schema: for checking a backup.
  static Result<std::unique_ptr<Database>> open_detached(const std::filesystem::path& path);
  /// In memory with no schema at all: what migrations start from.
  static Result<std::unique_ptr<Database>> open_blank();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Gives the connection to the calling thread alone until the same number of `unlock`s; use `Transaction`.
  void lock();
  void unlock() noexcept;
  /// Runs statements that return nothing and take no parameters.
  void execute(std::string_view sql);
  /// Undoes the open transaction; behind no fault hook, so that a test's fault cannot keep it open.
  void rollback() noexcept;
  /// True between a transaction's begin and its end.
  [[nodiscard]] bool in_transaction() const;
  /// How long a statement waits for another program's lock before it fails with kLocked; 30 s unless set.
  void set_lock_timeout(Millis timeout);
  /// kStorage when the file is not under its name any more (deleted, renamed, replaced): to be asked once a cycle.
  [[nodiscard]] Status still_in_place() const;

  [[nodiscard]] sqlite3* handle() const noexcept;
  [[nodiscard]] const std::filesystem::path& path() const noexcept;

  /// A prepared statement of the cache, reset and without bindings; give it back by `release`. Use `Statement`.
  sqlite3_stmt* acquire(std::string_view sql);
  void release(sqlite3_stmt* statement) noexcept;
  /// Throws the `DatabaseError` for a failed call.
  [[noreturn]] void fail(int sqlite_code, std::string_view doing) const;

  /// Test seam: called before every step; a non-zero answer is taken as the SQLite code.
  using FaultHook = std::function<int(std::string_view sql)>;
  void set_fault_hook(FaultHook hook);
  /// Steps a statement behind the fault hook; SQLITE_ROW or SQLITE_DONE, else throws.
  int step(sqlite3_stmt* statement);

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;

  friend class DatabaseOpener;
};

}  // namespace damsync
