#include "storage/catalog/suggestion_book.h"

#include "storage/sqlite/statement.h"

namespace damsync {

std::vector<std::string> SuggestionBook::unread(const std::string& account, UtcTime tried_before,
                                                std::size_t limit) const {
  Statement query(db_,
                  "SELECT a.asset_id FROM asset a LEFT JOIN suggestion_reading r"
                  " ON r.account = a.account AND r.asset_id = a.asset_id"
                  " WHERE a.account = ? AND a.state = 'withdrawn'"
                  " AND (r.read_at IS NULL OR r.read_at < a.withdrawn_at)"
                  " AND (r.tried_at IS NULL OR r.tried_at < a.withdrawn_at OR r.tried_at <= ?)"
                  " ORDER BY r.tried_at, a.asset_id LIMIT ?");
  query.bind_all(account, tried_before, static_cast<std::int64_t>(limit));
  std::vector<std::string> out;
  while (query.step()) out.push_back(query.text(0));
  return out;
}

std::vector<Suggestion> SuggestionBook::of(const std::string& account, const std::string& asset_id) const {
  Statement query(db_,
                  "SELECT suggested_id, title, why FROM suggestion WHERE account = ? AND asset_id = ?"
                  " ORDER BY position");
  query.bind_all(account, asset_id);
  std::vector<Suggestion> out;
  while (query.step()) out.push_back({query.text(0), query.text(1), query.text(2)});
  return out;
}

std::optional<UtcTime> SuggestionBook::read_at(const std::string& account, const std::string& asset_id) const {
  Statement query(db_, "SELECT read_at FROM suggestion_reading WHERE account = ? AND asset_id = ?");
  if (!query.bind_all(account, asset_id).step()) return std::nullopt;
  return query.opt_time(0);
}

void SuggestionBook::put(const std::string& account, const std::string& asset_id,
                         const std::vector<Suggestion>& suggestions, UtcTime now) {
  Statement(db_, "DELETE FROM suggestion WHERE account = ? AND asset_id = ?").bind_all(account, asset_id).run();
  std::int64_t position = 0;
  for (const auto& suggestion : suggestions)
    Statement(db_,
              "INSERT INTO suggestion (account, asset_id, position, suggested_id, title, why)"
              " VALUES (?, ?, ?, ?, ?, ?)")
        .bind_all(account, asset_id, ++position, suggestion.asset_id, suggestion.title, suggestion.why)
        .run();
  Statement(db_,
            "INSERT INTO suggestion_reading (account, asset_id, tried_at, read_at) VALUES (?1, ?2, ?3, ?3)"
            " ON CONFLICT DO UPDATE SET tried_at = excluded.tried_at, read_at = excluded.read_at")
      .bind_all(account, asset_id, now)
      .run();
}

void SuggestionBook::note_failure(const std::string& account, const std::string& asset_id, UtcTime now) {
  Statement(db_,
            "INSERT INTO suggestion_reading (account, asset_id, tried_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET tried_at = excluded.tried_at")
      .bind_all(account, asset_id, now)
      .run();
}

}  // namespace damsync
