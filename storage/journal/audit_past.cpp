#include "storage/journal/audit_past.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "storage/base/digest.h"
#include "storage/journal/audit_content.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

constexpr std::string_view kFile = " file=";
constexpr std::string_view kPast = " past=";

struct PastTable {
  const char* select;
  int columns;
};
constexpr std::array<PastTable, 4> kTables = {{
    {"SELECT past_id, account, asset_id, until_at, state, withdrawn_at, metadata FROM asset_past", 7},
    {"SELECT past_id, account, license_id, until_at, state, media_kind, license_type, size, format, licensed_at,"
     " licensed_at_text, licensed_by, downloadable, vanished_at, details FROM license_past",
     15},
    {"SELECT past_id, account, license_id, until_at, state, reason, path, bytes, sha256, mirrored_at FROM file_past",
     10},
    {"SELECT past_id, account, plan_id, read_at, description, license_type, expires_at, download_limit,"
     " downloads_left, period_ends_at FROM plan_past",
     10},
}};

/// The numbers of `1,2,3,4`; those that are missing are 0.
PastPosition parse_position(std::string_view text) {
  PastPosition out{};
  for (auto& number : out) {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
    text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
  }
  return out;
}

}  // namespace

std::string AuditDetail::to_text() const {
  std::string out = content;
  if (file) out += std::string(kFile) + *file;
  if (past) out += fmt::format("{}{}:{}", kPast, fmt::join(*past, ","), past_digest);
  return out;
}

AuditDetail AuditDetail::from_text(std::string_view text) {
  AuditDetail out;
  if (const auto at = text.find(kPast); at != std::string_view::npos) {
    const auto said = text.substr(at + kPast.size());
    const auto colon = std::min(said.find(':'), said.size());
    out.past = parse_position(said.substr(0, colon));
    out.past_digest = said.substr(std::min(colon + 1, said.size()));
    text = text.substr(0, at);
  }
  if (const auto at = text.find(kFile); at != std::string_view::npos) {
    out.file = text.substr(at + kFile.size());
    text = text.substr(0, at);
  }
  out.content = text;
  return out;
}

PastPosition covered_past(Database& db) {
  Statement query(db, "SELECT detail FROM audit_log WHERE instr(detail, ' past=') > 0 ORDER BY seq DESC LIMIT 1");
  if (!query.step()) return {};
  return AuditDetail::from_text(query.text(0)).past.value_or(PastPosition{});
}

PastPosition newest_past(Database& db) {
  Statement query(db,
                  "SELECT coalesce((SELECT max(past_id) FROM asset_past), 0),"
                  " coalesce((SELECT max(past_id) FROM license_past), 0),"
                  " coalesce((SELECT max(past_id) FROM file_past), 0),"
                  " coalesce((SELECT max(past_id) FROM plan_past), 0)");
  query.step();
  return {query.int64(0), query.int64(1), query.int64(2), query.int64(3)};
}

std::string past_digest(Database& db, const PastPosition& from, const PastPosition& to) {
  Sha256 hash;
  for (std::size_t i = 0; i < kTables.size(); ++i) {
    if (from[i] >= to[i]) continue;
    Statement rows(db, std::string(kTables[i].select) + " WHERE past_id > ? AND past_id <= ? ORDER BY past_id");
    fold_rows(hash, rows.bind_all(from[i], to[i]), kTables[i].columns);
  }
  return hash.finish_hex();
}

}  // namespace damsync
