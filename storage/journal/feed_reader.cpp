#include "storage/journal/feed_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "storage/base/text.h"
#include "storage/catalog/rows.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

constexpr char kMark = 'c';
constexpr std::string_view kBeginning = "c0";
constexpr std::size_t kIdLength = 26;
constexpr std::size_t kMostDigits = 18;

struct Position {
  std::int64_t seq = 0;
  std::string_view id;  ///< of the change there; empty at the beginning
};

std::string write_cursor(std::int64_t seq, std::string_view id) {
  return seq == 0 ? std::string(kBeginning) : fmt::format("{}{}-{}", kMark, seq, id);
}

bool is_id_character(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

/// `c<position>-<id>`; one way to write each, so that equal places have equal cursors.
std::optional<Position> parse_cursor(std::string_view text) noexcept {
  if (text.empty() || text == kBeginning) return Position{};
  if (text.front() != kMark) return std::nullopt;
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || dash < 2 || dash > kMostDigits + 1) return std::nullopt;
  Position out;
  const char* const digits_end = text.data() + dash;
  const auto parsed = std::from_chars(text.data() + 1, digits_end, out.seq);
  if (parsed.ec != std::errc() || parsed.ptr != digits_end || out.seq <= 0 || text[1] == '0') return std::nullopt;
  out.id = text.substr(dash + 1);
  if (out.id.size() != kIdLength || !std::all_of(out.id.begin(), out.id.end(), is_id_character)) return std::nullopt;
  return out;
}

Error gone(std::int64_t seq) {
  return make_error(
      ErrorCode::kGone,
      fmt::format("the change feed has no such place at {}: the cursor is of another catalog, or this one "
                  "was restored from an older backup; read from the beginning",
                  seq));
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

Result<FeedPage> FeedReader::read(std::string_view cursor, std::size_t limit) const {
  const auto from = parse_cursor(cursor);
  if (!from)
    return make_error(ErrorCode::kUsage,
                      fmt::format("'{}' is no cursor of the change feed", printable(cursor.substr(0, 60))));
  if (from->seq > 0 && id_at(from->seq) != from->id) return gone(from->seq);

  FeedPage page;
  page.next = write_cursor(from->seq, from->id);
  Statement query(db_, std::string(kSelectChange) + " WHERE seq > ? ORDER BY seq LIMIT ?");
  query.bind_all(from->seq, static_cast<std::int64_t>(limit) + 1);
  while (query.step()) {
    page.more = page.changes.size() == limit;
    if (page.more) break;
    page.changes.push_back(read_change(query));
  }
  if (!page.changes.empty()) page.next = write_cursor(page.changes.back().seq, page.changes.back().id);
  return page;
}

Result<std::string> FeedReader::cursor_behind(std::int64_t seq) const {
  const std::string id = id_at(seq);
  if (seq != 0 && id.empty()) return gone(seq);
  return write_cursor(seq, id);
}

std::string FeedReader::cursor_at(UtcTime time) const {
  Statement query(db_, "SELECT min(seq) - 1 FROM change WHERE time >= ?");
  const std::int64_t seq = query.bind(time).step() && !query.is_null(0) ? query.int64(0) : head();
  return write_cursor(seq, id_at(seq));
}

std::int64_t FeedReader::head() const {
  Statement query(db_, "SELECT seq FROM change ORDER BY seq DESC LIMIT 1");
  return query.step() ? query.int64(0) : 0;
}

std::string FeedReader::id_at(std::int64_t seq) const {
  Statement query(db_, "SELECT id FROM change WHERE seq = ?");
  return query.bind(seq).step() ? query.text(0) : std::string();
}

bool is_feed_cursor(std::string_view text) noexcept { return !text.empty() && parse_cursor(text).has_value(); }

Json change_json(const Change& change) {
  Json fields = Json::array();
  for (const auto& field : change.fields) fields.push(field);
  return Json::object({{"seq", change.seq},
                       {"id", change.id},
                       {"time", format_rfc3339(change.time)},
                       {"type", to_word(change.type)},
                       {"provider", text_or_null(change.provider)},
                       {"account", text_or_null(change.account)},
                       {"asset_id", text_or_null(change.asset_id)},
                       {"license_id", text_or_null(change.license_id)},
                       {"revision", change.revision},
                       {"fields", std::move(fields)},
                       {"cursor", write_cursor(change.seq, change.id)}});
}

}  // namespace damsync
