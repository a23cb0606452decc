#include "storage/sqlite/statement.h"

#include <sqlite3.h>

namespace damsync {

Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(statement_, next_++, value));
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // An empty view may hold a null pointer, which SQLite would take as NULL.
  const char* data = text.empty() ? "" : text.data();
  check(sqlite3_bind_text64(statement_, next_++, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(Blob blob) {
  const char* data = blob.bytes.empty() ? "" : blob.bytes.data();
  check(sqlite3_bind_blob64(statement_, next_++, data, blob.bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(std::nullptr_t) {
  check(sqlite3_bind_null(statement_, next_++));
  return *this;
}

bool Statement::step() { return db_.step(statement_) == SQLITE_ROW; }

std::int64_t Statement::run() {
  while (step()) {
  }
  return sqlite3_changes64(db_.handle());
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Statement::int64(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::int64_t> Statement::opt_int64(int column) const {
  if (is_null(column)) return std::nullopt;
  return int64(column);
}

std::optional<bool> Statement::opt_bool(int column) const {
  if (is_null(column)) return std::nullopt;
  return boolean(column);
}

std::optional<std::string> Statement::opt_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<UtcTime> Statement::opt_time(int column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

void Statement::check(int sqlite_code) {
  if (sqlite_code != SQLITE_OK) db_.fail(sqlite_code, sqlite3_sql(statement_));
}

}  // namespace damsync
