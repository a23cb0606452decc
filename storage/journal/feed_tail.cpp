#include "storage/journal/feed_tail.h"

namespace damsync {

Result<FeedPage> FeedTail::read(std::string_view cursor, std::size_t limit) {
  if (auto connected = connect(); !connected) return connected.error();
  if (db_ != nullptr) return FeedReader(*db_).read(cursor, limit);
  FeedPage nothing;
  nothing.next = cursor;
  return nothing;
}

Result<std::string> FeedTail::cursor_behind(std::int64_t seq) {
  if (auto connected = connect(); !connected) return connected.error();
  if (db_ == nullptr && seq == 0) return std::string();
  if (db_ == nullptr) return make_error(ErrorCode::kGone, "the change feed is empty: there is no catalog yet");
  return FeedReader(*db_).cursor_behind(seq);
}

Result<std::string> FeedTail::cursor_at(UtcTime time) {
  if (auto connected = connect(); !connected) return connected.error();
  return db_ == nullptr ? std::string() : FeedReader(*db_).cursor_at(time);
}

/// A connection that found no log may have been opened for a file that does not change; a log that is there now says
/// that somebody writes.
Status FeedTail::connect() {
  if (db_ != nullptr && db_->still_in_place().ok() && had_log_ == has_log()) return {};
  db_.reset();
  std::error_code ignored;
  if (std::filesystem::symlink_status(catalog_, ignored).type() == std::filesystem::file_type::not_found) return {};
  had_log_ = has_log();
  auto opened = Database::open(catalog_, OpenMode::kRead);
  if (!opened) return opened.error();
  db_ = std::move(*opened);
  return {};
}

bool FeedTail::has_log() const {
  std::error_code ignored;
  return std::filesystem::exists(catalog_.string() + "-wal", ignored);
}

}  // namespace damsync
