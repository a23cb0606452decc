#include "storage/catalog/stray_book.h"

#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

constexpr const char* kComparedAt = "store_compared_at";

}  // namespace

void StrayBook::begin(UtcTime now) {
  now_ = now;
  db_.execute("CREATE TEMP TABLE IF NOT EXISTS stray_seen (path TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID");
  db_.execute("DELETE FROM temp.stray_seen");
}

void StrayBook::doubts(const std::string& path) {
  Statement(db_, "INSERT OR IGNORE INTO temp.stray_seen (path) VALUES (?)").bind(path).run();
}

void StrayBook::saw(const std::string& path, std::int64_t bytes) {
  doubts(path);
  Statement(db_,
            "INSERT INTO stray_file (path, first_seen_at, bytes) SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
            " (SELECT 1 FROM stray_file WHERE path = ?1 AND gone_at IS NULL) ON CONFLICT DO NOTHING")
      .bind_all(path, now_, bytes)
      .run();
}

void StrayBook::finish() {
  Statement(db_,
            "UPDATE stray_file SET gone_at = ? WHERE gone_at IS NULL AND path NOT IN (SELECT path FROM"
            " temp.stray_seen)")
      .bind(now_)
      .run();
  db_.execute("DELETE FROM temp.stray_seen");
  Statement(db_, "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
      .bind_all(kComparedAt, format_rfc3339(now_))
      .run();
}

void StrayBook::list(UtcTime at, const std::function<bool(const StrayFile&)>& visit) const {
  Statement query(db_,
                  "SELECT path, bytes, first_seen_at FROM stray_file WHERE first_seen_at <= ?1"
                  " AND (gone_at IS NULL OR gone_at > ?1) ORDER BY path, first_seen_at");
  query.bind(at);
  while (query.step())
    if (!visit({query.text(0), query.int64(1), query.time(2)})) return;
}

std::optional<UtcTime> StrayBook::compared_at(UtcTime at) const {
  Statement query(db_, "SELECT value FROM setting WHERE key = ?");
  if (!query.bind(kComparedAt).step()) return std::nullopt;
  const auto time = parse_rfc3339(query.text(0));
  if (!time || *time > at) return std::nullopt;
  return *time;
}

}  // namespace damsync
