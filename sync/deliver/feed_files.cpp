#include "sync/deliver/feed_files.h"

#include "storage/base/crash_point.h"
#include "storage/base/time.h"
#include "storage/journal/feed_days.h"
#include "storage/journal/feed_reader.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

constexpr std::string_view kFolder = "changes/";
constexpr std::string_view kSuffix = ".ndjson";
constexpr std::size_t kPiece = 256 * 1024;

std::string path_of(std::chrono::sys_days day) {
  return std::string(kFolder) + format_date(day) + std::string(kSuffix);
}

}  // namespace

Status FeedFiles::run(std::stop_token stop, const Moved& moved) {
  FeedDays days(db_);
  const std::int64_t head = FeedReader(db_).head();
  if (days.written() == head) return {};
  for (const auto day : days.behind(days.written(), head)) {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    if (auto written = write_day(day, head, moved); !written) return written;
    crash_point("feed_files.day_written");
  }
  Transaction tx(db_);
  days.put_written(head);
  tx.commit();
  return {};
}

Status FeedFiles::write_day(std::chrono::sys_days day, std::int64_t head, const Moved& moved) {
  auto staged = store_.stage();
  if (!staged) return staged.error();
  std::string lines;
  Status outcome;
  const auto flush = [&] {
    outcome = (*staged)->write(lines);
    lines.clear();
    if (moved) moved();
    return outcome.ok();
  };
  FeedDays(db_).each(day, head, [&](const Change& change) {
    lines += write_json(change_json(change));
    lines += '\n';
    return lines.size() < kPiece || flush();
  });
  if (outcome) flush();
  if (!outcome) return outcome;
  if (auto sealed = (*staged)->seal(); !sealed) return sealed;
  return store_.replace(**staged, path_of(day));
}

bool is_feed_file(std::string_view path) noexcept {
  if (!path.starts_with(kFolder) || !path.ends_with(kSuffix)) return false;
  path.remove_prefix(kFolder.size());
  path.remove_suffix(kSuffix.size());
  return parse_date(path).ok();
}

}  // namespace damsync
