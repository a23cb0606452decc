#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/Utility.h>
#include <Poco/Exception.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <fstream>
#include <mutex>

#include "storage/base/crash_point.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/database_state.h"
#include "storage/sqlite/durable_file.h"
#include "storage/sqlite/migrator.h"
#include "storage/sqlite/statement.h"

namespace damsync {

namespace fs = std::filesystem;
using Opened = Result<std::unique_ptr<Database>>;

/// The rules of opening, one function a way in.
class DatabaseOpener {
 public:
  static Opened write(const fs::path& path);
  static Opened read(const fs::path& path);
  static Opened copy(const fs::path& path);
  static Opened memory();
  static Opened connect(const fs::path& path, const std::string& connection);

  /// As it is, with no -wal beside it and none made.
  static Opened unchanging(const fs::path& path);

 private:
  static Status create(const fs::path& path);
};

namespace {

constexpr Millis kLockTimeout{30'000};

/// A file name as an SQLite URI; `options` start with `?`.
std::string uri(const fs::path& path, std::string_view options) {
  std::string out = "file:";
  for (const char c : fs::absolute(path).string()) {
    if (c == '%' || c == '?' || c == '#')
      out += fmt::format("%{:02X}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out.append(options);
}

fs::path with_suffix(const fs::path& path, const char* suffix) { return path.string() + suffix; }

Error cannot_open(const fs::path& path, const std::string& why) {
  return make_error(ErrorCode::kStorage, fmt::format("cannot open the catalog {}: {}", path.string(), why));
}

Error damaged(const fs::path& path, std::string_view what) {
  return make_error(ErrorCode::kDamaged,
                    fmt::format("the catalog {} {}; it was left as it is: restore a backup with `damsync db restore "
                                "FILE` or run `damsync db rebuild`",
                                path.string(), what));
}

Status check_magic(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  char magic[16] = {};
  if (!in) return cannot_open(path, "it may not be read; check its owner and mode");
  if (!in.read(magic, sizeof magic)) return damaged(path, "is empty or cut short");
  if (std::string_view(magic, sizeof magic) != std::string_view("SQLite format 3\0", 16))
    return damaged(path, "is not an SQLite file");
  return {};
}

/// What can be told without SQLite touching the file.
Status check_file(const fs::path& path) {
  std::error_code failed;
  const auto status = fs::status(path, failed);
  if (!fs::is_regular_file(status)) {
    if (failed && failed != std::errc::no_such_file_or_directory) return cannot_open(path, failed.message());
    return damaged(path, "is not a regular file");
  }
  Status fine;
  OpenFiles::look_if_closed(path, [&] { fine = check_magic(path); });
  return fine;
}

void set_option(Database& db, int option, int value) {
  if (const int code = sqlite3_db_config(db.handle(), option, value, nullptr); code != SQLITE_OK)
    db.fail(code, "sqlite3_db_config");
}

/// What holds for every connection, before anything of the file is believed.
void configure(Database& db) {
  set_option(db, SQLITE_DBCONFIG_DEFENSIVE, 1);
  set_option(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
  set_option(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1);
  set_option(db, SQLITE_DBCONFIG_DQS_DML, 0);
  set_option(db, SQLITE_DBCONFIG_DQS_DDL, 0);
  set_option(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1);  // lifted for the writer once the file is believed
  db.set_lock_timeout(kLockTimeout);
  db.execute(
      "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;"
      "PRAGMA synchronous = FULL;");
}

Status quick_check(Database& db) {
  Statement query(db, "PRAGMA quick_check(1)");
  if (query.step() && query.text(0) == "ok") return {};
  return damaged(db.path(), fmt::format("fails its check ({})", query.text(0)));
}

/// Turns the exceptions of opening into the answer of opening.
template <class F>
auto guarded(F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const DatabaseError& error) {
    return make_error(error.code(), error.what());
  }
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

/// When a file was last written and how long it is: two equal answers mean that nobody wrote between them.
std::pair<fs::file_time_type, std::uintmax_t> stamp(const fs::path& path) {
  std::error_code ignored;
  return {fs::last_write_time(path, ignored), fs::file_size(path, ignored)};
}

}  // namespace

Opened DatabaseOpener::connect(const fs::path& path, const std::string& connection) {
  static std::once_flag registered;
  std::call_once(registered, [] { Poco::Data::SQLite::Connector::registerConnector(); });
  return guarded([&]() -> Opened {
    auto state = std::make_unique<Database::State>();
    state->path = path;
    if (!path.empty()) {
      const auto identity = file_identity(path);
      if (!identity) return identity.error();
      state->identity = *identity;
      state->entry.emplace(*identity);
    }
    try {
      state->session = std::make_unique<Poco::Data::Session>("SQLite", connection);
      state->handle = Poco::Data::SQLite::Utility::dbHandle(*state->session);
    } catch (const Poco::Exception& error) {
      return cannot_open(path, error.displayText());
    }
    std::unique_ptr<Database> db(new Database(std::move(state)));
    configure(*db);
    return db;
  });
}

Status DatabaseOpener::create(const fs::path& path) {
  if (is_there(with_suffix(path, "-wal")))
    return make_error(ErrorCode::kDamaged,
                      fmt::format("{}-wal is there but its catalog {} is not: the catalog was lost or moved; put it "
                                  "back, or move the -wal file away",
                                  path.string(), path.string()));
  const auto fresh = with_suffix(path, ".new");
  std::error_code ignored;
  for (const char* leftover : {"", "-journal", "-wal", "-shm"}) fs::remove(with_suffix(fresh, leftover), ignored);
  if (auto made = create_private_file(fresh); !made) return made;
  {
    auto db = connect(fresh, uri(fresh, "?mode=rw"));
    if (!db) return db.error();
    set_option(**db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0);
    (*db)->execute(fmt::format("PRAGMA application_id = {}; PRAGMA journal_mode = WAL;", kApplicationId));
    if (auto migrated = migrate(**db, migrations()); !migrated) return migrated.error();
  }
  crash_point("catalog.before_publish");
  return publish_file(fresh, path);
}

Opened DatabaseOpener::write(const fs::path& path) {
  if (!is_there(path))
    if (auto made = create(path); !made) return made.error();
  if (auto checked = check_file(path); !checked) return checked.error();
  auto db = connect(path, uri(path, "?mode=rw"));
  if (!db) return db;
  if (sqlite3_db_readonly((*db)->handle(), "main") == 1)
    return cannot_open(path, "it may not be written; check its owner and mode and the file system");
  if (auto checked = check_schema(**db, migrations()); !checked) return checked.error();
  if (auto checked = quick_check(**db); !checked) return checked.error();
  (*db)->execute("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;");
  if (auto migrated = migrate(**db, migrations()); !migrated) return migrated.error();
  set_option(**db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0);
  return db;
}

Opened DatabaseOpener::unchanging(const fs::path& path) { return connect(path, uri(path, "?mode=ro&immutable=1")); }

Opened DatabaseOpener::read(const fs::path& path) {
  if (!is_there(path))
    return make_error(ErrorCode::kStorage,
                      fmt::format("no catalog yet at {}: run `damsync sync` first", path.string()));
  if (auto checked = check_file(path); !checked) return checked.error();
  auto db = connect(path, uri(path, "?mode=ro"));
  if (!db) return db;
  try {
    schema_version(**db);
  } catch (const DatabaseError& error) {
    // Without a -wal nobody has the catalog open, and this reader may not make one.
    if (error.code() != ErrorCode::kStorage || is_there(with_suffix(path, "-wal"))) throw;
    db = unchanging(path);
    if (!db) return db;
  }
  if (auto checked = check_schema(**db, migrations()); !checked) return checked.error();
  (*db)->execute("PRAGMA query_only = ON;");
  const auto version = schema_version(**db);
  if (version == migrations().back().version) return db;
  return make_error(ErrorCode::kStorage,
                    fmt::format("the catalog {} has schema version {}, this damsync needs {}: the next `damsync sync` "
                                "brings it up to date",
                                path.string(), version, migrations().back().version));
}

Opened DatabaseOpener::memory() {
  auto db = connect({}, ":memory:");
  if (!db) return db;
  (*db)->execute(fmt::format("PRAGMA application_id = {};", kApplicationId));
  if (auto migrated = migrate(**db, migrations()); !migrated) return migrated.error();
  return db;
}

Opened DatabaseOpener::copy(const fs::path& path) {
  if (!is_there(path)) return memory();
  if (auto checked = check_file(path); !checked) return checked.error();
  // With no -wal the file is read as it is, so that looking leaves no -wal behind; a writer that came in meanwhile
  // shows in the file's stamp, and then the usual way is taken.
  const bool quiet = !is_there(with_suffix(path, "-wal"));
  const auto before = stamp(path);
  auto source = quiet ? unchanging(path) : connect(path, uri(path, "?mode=ro"));
  if (!source) return source;
  auto target = connect({}, ":memory:");
  if (!target) return target;
  auto* backup = sqlite3_backup_init((*target)->handle(), "main", (*source)->handle(), "main");
  if (backup == nullptr) (*target)->fail(sqlite3_errcode((*target)->handle()), "backup");
  sqlite3_backup_step(backup, -1);
  if (const int code = sqlite3_backup_finish(backup); code != SQLITE_OK) (*source)->fail(code, "backup");
  if (quiet && (is_there(with_suffix(path, "-wal")) || stamp(path) != before)) return copy(path);
  if (auto checked = check_schema(**target, migrations()); !checked) return checked.error();
  if (auto migrated = migrate(**target, migrations()); !migrated) return migrated.error();
  return target;
}

Opened Database::open(const fs::path& path, OpenMode mode) {
  return guarded([&]() -> Opened {
    switch (mode) {
      case OpenMode::kWrite: return DatabaseOpener::write(path);
      case OpenMode::kRead: return DatabaseOpener::read(path);
      case OpenMode::kInMemory: return DatabaseOpener::memory();
    }
    return make_error(ErrorCode::kInternal, "unknown way to open the catalog");
  });
}

Opened Database::open_copy(const fs::path& path) {
  return guarded([&] { return DatabaseOpener::copy(path); });
}

Opened Database::open_detached(const fs::path& path) {
  return guarded([&]() -> Opened {
    if (auto checked = check_file(path); !checked) return checked.error();
    return DatabaseOpener::unchanging(path);
  });
}

Opened Database::open_blank() { return DatabaseOpener::connect({}, ":memory:"); }

}  // namespace damsync
