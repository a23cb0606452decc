#include "storage/sqlite/migrator.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/crash_point.h"
#include "storage/base/time.h"
#include "storage/sqlite/durable_file.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

std::int64_t pragma_value(Database& db, std::string_view name) {
  Statement query(db, fmt::format("PRAGMA {}", name));
  return query.step() ? query.int64(0) : 0;
}

std::int64_t newest_of(const std::vector<Migration>& steps) { return steps.empty() ? 0 : steps.back().version; }

void apply(Database& db, const Migration& step) {
  Transaction transaction(db);
  db.execute(step.sql);
  db.execute(fmt::format("PRAGMA user_version = {}", step.version));
  crash_point("migration.before_commit");
  transaction.commit();
}

/// The objects a catalog of that version must have.
std::vector<std::string> expected_objects(const std::vector<Migration>& steps, std::int64_t version) {
  const auto blank = Database::open_blank();
  if (!blank) throw DatabaseError(blank.error().code, 0, blank.error().message);
  for (const auto& step : steps)
    if (step.version <= version) apply(**blank, step);
  return schema_objects(**blank);
}

std::string first_difference(const std::vector<std::string>& found, const std::vector<std::string>& expected) {
  std::vector<std::string> differing;
  std::set_symmetric_difference(found.begin(), found.end(), expected.begin(), expected.end(),
                                std::back_inserter(differing));
  const auto& first = differing.front();
  return first.substr(0, first.find(':'));
}

std::filesystem::path copy_name(const std::filesystem::path& catalog, std::int64_t version) {
  auto stamp = format_rfc3339(SystemClock().utc());
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
  return catalog.string() + fmt::format(".v{}-{}", version, stamp);
}

}  // namespace

std::int64_t schema_version(Database& db) { return pragma_value(db, "user_version"); }

std::vector<std::string> schema_objects(Database& db) {
  std::vector<std::string> objects;
  Statement query(db,
                  "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema"
                  " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
  while (query.step()) objects.push_back(query.text(0));
  std::sort(objects.begin(), objects.end());
  return objects;
}

Status check_schema(Database& db, const std::vector<Migration>& steps) {
  const auto where = db.path().string();
  if (const auto id = pragma_value(db, "application_id"); id != kApplicationId)
    return make_error(ErrorCode::kDamaged,
                      fmt::format("{} is a database of another program (application_id 0x{:08x}), not a catalog of "
                                  "damsync; it was left as it is: check the setting catalog.path",
                                  where, static_cast<std::uint32_t>(id)));
  const auto version = schema_version(db);
  if (version > newest_of(steps))
    return make_error(ErrorCode::kDamaged,
                      fmt::format("the catalog {} has schema version {}, this damsync knows versions up to {}; it was "
                                  "left as it is: use a newer damsync or restore an older backup",
                                  where, version, newest_of(steps)));
  const auto found = schema_objects(db);
  const auto expected = expected_objects(steps, version);
  if (found == expected) return {};
  return make_error(ErrorCode::kDamaged,
                    fmt::format("the schema of the catalog {} was altered ({} is not as version {} has it); it was "
                                "left as it is: undo the change or restore a backup with `damsync db restore FILE`",
                                where, first_difference(found, expected), version));
}

Result<std::optional<std::filesystem::path>> migrate(Database& db, const std::vector<Migration>& steps) {
  std::optional<std::filesystem::path> copy;
  const auto version = schema_version(db);
  if (version >= newest_of(steps)) return copy;
  if (version > 0 && !db.path().empty()) {
    copy = copy_name(db.path(), version);
    if (auto copied = write_snapshot(db, *copy); !copied) return copied.error();
  }
  for (const auto& step : steps)
    if (step.version > version) apply(db, step);
  return copy;
}

Status write_snapshot(Database& db, const std::filesystem::path& target) {
  if (std::filesystem::exists(std::filesystem::symlink_status(target)))
    return make_error(ErrorCode::kStorage,
                      fmt::format("{} exists and is not overwritten: choose another name", target.string()));
  const std::filesystem::path part = target.string() + ".part";
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  if (auto made = create_private_file(part); !made) return made;
  try {
    // Writing a copy does not count as reading for SQLite, although the catalog itself is not touched.
    const bool reader = pragma_value(db, "query_only") != 0;
    if (reader) db.execute("PRAGMA query_only = OFF");
    Statement(db, "VACUUM INTO ?").bind(part.string()).run();
    if (reader) db.execute("PRAGMA query_only = ON");
  } catch (const DatabaseError& error) {
    std::filesystem::remove(part, ignored);
    return make_error(error.code(), error.what());
  }
  crash_point("snapshot.before_publish");
  return publish_file(part, target);
}

}  // namespace damsync
