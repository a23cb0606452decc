#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/time.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// One use of a cached prepared statement: bound in order, stepped, read by column number from 0.
///
/// Errors   every failure throws `DatabaseError`; the destructor never throws.
/// Threads  one thread; the others of its `Database` wait until it is gone.
class Statement {
 public:
  Statement(Database& db, std::string_view sql) : db_(db), statement_(db.acquire(sql)) {}
  ~Statement() { db_.release(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Bytes of a BLOB parameter.
  struct Blob {
    std::string_view bytes;
  };

  /// Binds the next parameter. An empty optional is NULL; times are UTC milliseconds.
  Statement& bind(std::int64_t value);
  Statement& bind(int value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(bool value) { return bind(static_cast<std::int64_t>(value ? 1 : 0)); }
  Statement& bind(std::string_view text);
  Statement& bind(const std::string& text) { return bind(std::string_view(text)); }
  Statement& bind(const char* text) { return bind(std::string_view(text)); }
  Statement& bind(Blob blob);
  Statement& bind(UtcTime time) { return bind(to_millis(time)); }
  Statement& bind(std::nullptr_t);
  template <class T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind(nullptr);
  }
  /// Binds all of them in order.
  template <class... Args>
  Statement& bind_all(const Args&... args) {
    (bind(args), ...);
    return *this;
  }

  /// True: a row is there. False: the end.
  bool step();
  /// Steps to the end, for statements that return nothing; the number of rows changed.
  std::int64_t run();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t int64(int column) const;
  [[nodiscard]] bool boolean(int column) const { return int64(column) != 0; }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;  ///< valid until the next step
  [[nodiscard]] UtcTime time(int column) const { return from_millis(int64(column)); }
  [[nodiscard]] std::optional<std::int64_t> opt_int64(int column) const;
  [[nodiscard]] std::optional<bool> opt_bool(int column) const;
  [[nodiscard]] std::optional<std::string> opt_text(int column) const;
  [[nodiscard]] std::optional<UtcTime> opt_time(int column) const;

 private:
  void check(int sqlite_code);

  Database& db_;
  sqlite3_stmt* statement_;
  int next_ = 1;
};

}  // namespace damsync
