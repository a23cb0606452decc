#include "storage/journal/feed_days.h"

#include <algorithm>
#include <charconv>

#include "storage/catalog/rows.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

constexpr const char* kWritten = "feed_files_written";
constexpr std::int64_t kDay = 24LL * 60 * 60 * 1000;

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::int64_t FeedDays::written() const {
  Statement query(db_, "SELECT value FROM setting WHERE key = ?");
  return query.bind(kWritten).step() ? number(query.text(0)) : 0;
}

void FeedDays::put_written(std::int64_t seq) {
  Statement(db_, "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
      .bind_all(kWritten, std::to_string(seq))
      .run();
}

std::vector<std::chrono::sys_days> FeedDays::behind(std::int64_t after, std::int64_t head) const {
  // A position beyond the head is of a catalog that was younger: everything is to be written again.
  Statement query(db_, "SELECT DISTINCT time / ?1 FROM change WHERE seq > ?2 AND seq <= ?3 ORDER BY 1");
  query.bind_all(kDay, after > head ? 0 : after, head);
  std::vector<std::chrono::sys_days> out;
  while (query.step()) out.emplace_back(std::chrono::days(query.int64(0)));
  return out;
}

void FeedDays::each(std::chrono::sys_days day, std::int64_t head,
                    const std::function<bool(const Change&)>& visit) const {
  const std::int64_t from = to_millis(UtcTime(day)), to = from + kDay;
  std::int64_t first = 0, last = 0;
  {
    Statement span(db_, "SELECT min(seq), max(seq) FROM change WHERE time >= ? AND time < ?");
    span.bind_all(from, to).step();
    if (span.is_null(0)) return;
    first = span.int64(0);
    last = std::min(span.int64(1), head);
  }
  // Along the feed, not along the index of times: no sorting, whatever the number.
  Statement query(db_,
                  std::string(kSelectChange) + " WHERE seq BETWEEN ? AND ? AND +time >= ? AND +time < ? ORDER BY seq");
  query.bind_all(first, last, from, to);
  while (query.step())
    if (!visit(read_change(query))) return;
}

}  // namespace damsync
