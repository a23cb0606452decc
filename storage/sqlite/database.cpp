#include "storage/sqlite/database.h"

#include <Poco/Data/Session.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

#include "storage/sqlite/database_state.h"
#include "storage/sqlite/durable_file.h"

namespace damsync {
namespace {

ErrorCode code_of(int sqlite_code) noexcept {
  switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorCode::kLocked;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::kDamaged;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH: return ErrorCode::kStorage;
    default: return ErrorCode::kInternal;
  }
}

bool is_no_room(int system_error) noexcept {
  return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

/// Whether the database or its log met a lack of room last, or the connection did.
bool met_no_room(sqlite3* db) noexcept {
  int of_database = 0, of_log = 0;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &of_database);
  sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log != nullptr && log->pMethods != nullptr) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &of_log);
  return is_no_room(of_database) || is_no_room(of_log) || is_no_room(sqlite3_system_errno(db));
}

/// SQLite says SQLITE_FULL only of a database or log that met ENOSPC: a quota, an index of the log that finds no room
/// and a file that cannot be made for want of it are I/O errors to it.
int without_room(int sqlite_code, sqlite3* db) noexcept {
  const int exact = sqlite3_extended_errcode(db);
  const bool unclear =
      exact == SQLITE_IOERR_WRITE || exact == SQLITE_IOERR_SHMSIZE || (exact & 0xff) == SQLITE_CANTOPEN;
  return unclear && met_no_room(db) ? SQLITE_FULL : sqlite_code;
}

/// What a person can do about it.
std::string_view advice_for(int sqlite_code) noexcept {
  switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another program holds it locked; try again when it is done";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "restore a backup with `damsync db restore FILE` or run `damsync db rebuild`";
    case SQLITE_FULL: return "the disk is full; free some space and run again";
    case SQLITE_IOERR: return "the disk does not answer as it should; look at the system log";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN: return "check that the file and its folder may be read and written";
    default: return "nothing of this transaction was kept";
  }
}

}  // namespace

Database::State::~State() {
  for (auto& [sql, statements] : idle)
    for (auto* statement : statements) sqlite3_finalize(statement);
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;

void Database::lock() { state_->mutex.lock(); }

void Database::unlock() noexcept { state_->mutex.unlock(); }

void Database::execute(std::string_view sql) {
  const std::lock_guard lock(state_->mutex);
  while (sql.find_first_not_of(" \t\r\n") != std::string_view::npos) {
    sqlite3_stmt* statement = nullptr;
    const char* tail = nullptr;
    const int prepared =
        sqlite3_prepare_v2(state_->handle, sql.data(), static_cast<int>(sql.size()), &statement, &tail);
    if (prepared != SQLITE_OK) fail(prepared, sql);
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owner(statement, &sqlite3_finalize);
    sql.remove_prefix(static_cast<std::size_t>(tail - sql.data()));
    if (statement == nullptr) continue;  // a comment alone
    while (step(statement) == SQLITE_ROW) {
    }
  }
}

void Database::rollback() noexcept {
  const std::lock_guard lock(state_->mutex);
  sqlite3_exec(state_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Database::in_transaction() const {
  const std::lock_guard lock(state_->mutex);
  return sqlite3_get_autocommit(state_->handle) == 0;
}

void Database::set_lock_timeout(Millis timeout) {
  sqlite3_busy_timeout(state_->handle, static_cast<int>(timeout.count()));
}

Status Database::still_in_place() const {
  if (state_->path.empty()) return {};
  const auto now = file_identity(state_->path);
  if (now && *now == state_->identity) return {};
  return make_error(ErrorCode::kStorage,
                    fmt::format("the catalog {} was deleted, renamed or replaced while in use; stop damsync, put the "
                                "file back and start again",
                                state_->path.string()));
}

sqlite3* Database::handle() const noexcept { return state_->handle; }

const std::filesystem::path& Database::path() const noexcept { return state_->path; }

sqlite3_stmt* Database::acquire(std::string_view sql) {
  std::unique_lock lock(state_->mutex);
  if (const auto found = state_->idle.find(sql); found != state_->idle.end() && !found->second.empty()) {
    auto* statement = found->second.back();
    found->second.pop_back();
    lock.release();  // `release` gives it back
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(state_->handle, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
  lock.release();
  return statement;
}

void Database::release(sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  try {
    auto found = state_->idle.find(std::string_view(sqlite3_sql(statement)));
    if (found == state_->idle.end()) found = state_->idle.emplace(sqlite3_sql(statement), State::Statements{}).first;
    found->second.push_back(statement);
  } catch (...) {
    sqlite3_finalize(statement);
  }
  state_->mutex.unlock();
}

void Database::fail(int sqlite_code, std::string_view doing) const {
  const std::string where = state_->path.empty() ? "in memory" : state_->path.string();
  const bool injected = sqlite3_errcode(state_->handle) == SQLITE_OK;
  const std::string text = injected ? sqlite3_errstr(sqlite_code) : sqlite3_errmsg(state_->handle);
  const int code = injected ? sqlite_code : without_room(sqlite_code, state_->handle);
  throw DatabaseError(code_of(code), code,
                      fmt::format("catalog {}: {} (SQLite {}, in `{}`): {}", where, text, sqlite_code,
                                  doing.substr(0, 60), advice_for(code)));
}

void Database::set_fault_hook(FaultHook hook) { state_->fault_hook = std::move(hook); }

int Database::step(sqlite3_stmt* statement) {
  if (state_->fault_hook)
    if (const int fault = state_->fault_hook(sqlite3_sql(statement)); fault != 0) fail(fault, sqlite3_sql(statement));
  const int code = sqlite3_step(statement);
  if (code != SQLITE_ROW && code != SQLITE_DONE) fail(code, sqlite3_sql(statement));
  return code;
}

}  // namespace damsync
