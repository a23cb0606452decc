#include "storage/journal/audit_content.h"

#include <fmt/format.h>

#include <charconv>

#include "storage/base/digest.h"
#include "storage/base/json.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

constexpr const char* kIntent =
    "SELECT spend_id, account, asset_id, license_id, operation, size, format, product, history_rows, intended_at"
    " FROM spend";
constexpr const char* kClosed =
    "SELECT spend_id, account, asset_id, license_id, operation, size, format, product, history_rows, intended_at,"
    " returned_at, outcome, closed_at, detail, provider_ref, file_format, valid_until, looked_at, parked_reason,"
    " decided_by, decision_reason FROM spend";
constexpr const char* kChange =
    "SELECT seq, id, time, type, provider, account, asset_id, license_id, revision, fields FROM change";

/// Licenses that stood in the catalog before the change numbered ?1, but for one.
constexpr const char* kEarlierLicenses =
    " FROM license WHERE NOT (account = ?2 AND license_id = ?3) AND (account, license_id) NOT IN"
    " (SELECT account, license_id FROM change WHERE seq > ?1 AND type = 'license.added')";

/// The row as a JSON array of texts and nulls; the tables are STRICT, so that a type is not in question.
std::string row_text(const Statement& row, int columns) {
  std::string out = "[";
  for (int i = 0; i < columns; ++i) {
    if (i != 0) out += ',';
    if (row.is_null(i))
      out += "null";
    else
      append_json_string(out, row.text(i));
  }
  out += ']';
  return out;
}

std::optional<std::string> one_row(Database& db, const std::string& sql, int columns, std::int64_t key) {
  Statement query(db, sql);
  if (!query.bind(key).step()) return std::nullopt;
  return row_text(query, columns);
}

bool is_about_new_license(const Change& change) {
  return change.type == EventType::kAssetLicensed || change.type == EventType::kLicenseAdded;
}

void bind_earlier(Statement& query, std::int64_t last_change, const Change& except) {
  const bool skip = is_about_new_license(except);
  query.bind_all(last_change, skip ? except.account : std::string(), skip ? except.license_id : std::string());
}

std::int64_t number_after(std::string_view text, std::string_view name) {
  std::int64_t value = -1;
  const auto at = text.find(name);
  if (at == std::string_view::npos) return value;
  const auto digits = text.substr(at + name.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

void fold_rows(Sha256& hash, Statement& rows, int columns) {
  while (rows.step()) {
    const auto text = row_text(rows, columns);
    hash.update(text);
    hash.update(std::string_view("\n"));
  }
}

std::optional<std::string> change_content(Database& db, std::int64_t change_seq) {
  return one_row(db, std::string(kChange) + " WHERE seq = ?", 10, change_seq);
}

std::optional<std::string> spend_intent_content(Database& db, std::int64_t spend_id) {
  return one_row(db, std::string(kIntent) + " WHERE spend_id = ?", 10, spend_id);
}

std::optional<std::string> spend_closed_content(Database& db, std::int64_t spend_id) {
  return one_row(db, std::string(kClosed) + " WHERE spend_id = ? AND outcome IS NOT NULL", 21, spend_id);
}

std::optional<std::string> license_digest(Database& db, const std::string& account, const std::string& license_id) {
  Statement query(db,
                  "SELECT account, license_id, asset_id, state, media_kind, license_type, size, format, licensed_at,"
                  " licensed_at_text, licensed_by, downloadable, first_seen_at, vanished_at, details, raw_sha256"
                  " FROM license WHERE account = ? AND license_id = ?");
  if (!query.bind_all(account, license_id).step()) return std::nullopt;
  return sha256_hex(row_text(query, 16));
}

std::optional<std::string> asset_digest(Database& db, const std::string& account, const std::string& asset_id) {
  Statement query(
      db,
      "SELECT account, asset_id, state, first_seen_at, withdrawn_at, media_type, title, editorial, metadata,"
      " metadata_sha256, raw_sha256 FROM asset WHERE account = ? AND asset_id = ?");
  if (!query.bind_all(account, asset_id).step()) return std::nullopt;
  return sha256_hex(row_text(query, 11));
}

std::string file_digest(Database& db, const std::string& account, const std::string& license_id) {
  Statement query(db, "SELECT sha256 FROM file WHERE account = ? AND license_id = ?");
  return query.bind_all(account, license_id).step() ? query.text(0) : std::string();
}

bool covers_license(EventType type) noexcept {
  return type == EventType::kLicenseAdded || type == EventType::kLicenseChanged || type == EventType::kLicenseVanished;
}

bool covers_asset(EventType type) noexcept {
  return type == EventType::kAssetUpdated || type == EventType::kAssetWithdrawn || type == EventType::kAssetRestored;
}

std::string AuditOrigin::to_text() const {
  return fmt::format("changes={} spends={} licenses={}", last_change, last_spend, licenses);
}

std::optional<AuditOrigin> AuditOrigin::from_text(std::string_view text) {
  AuditOrigin out{number_after(text, "changes="), number_after(text, "spends="), number_after(text, "licenses=")};
  if (out.to_text() != text) return std::nullopt;
  return out;
}

std::string origin_digest(Database& db, const AuditOrigin& origin, const Change& except) {
  Sha256 hash;
  {
    Statement changes(db, std::string(kChange) + " WHERE seq <= ? ORDER BY seq");
    fold_rows(hash, changes.bind(origin.last_change), 10);
  }
  if (origin.last_spend > 0) {
    Statement intents(db, std::string(kIntent) + " WHERE spend_id <= ? ORDER BY spend_id");
    fold_rows(hash, intents.bind(origin.last_spend), 10);
    // What was closed since then has a row of its own.
    Statement closed(db, std::string(kClosed) +
                             " WHERE spend_id <= ? AND outcome IS NOT NULL AND CAST(spend_id AS TEXT) NOT IN"
                             " (SELECT reference FROM audit_log WHERE kind = 'spend.closed') ORDER BY spend_id");
    fold_rows(hash, closed.bind(origin.last_spend), 21);
  }
  if (origin.licenses > 0) {
    Statement licenses(db, std::string("SELECT account, license_id, first_seen_at, raw_sha256") + kEarlierLicenses +
                               " ORDER BY account, license_id");
    bind_earlier(licenses, origin.last_change, except);
    fold_rows(hash, licenses, 4);
  }
  return hash.finish_hex();
}

std::int64_t origin_licenses(Database& db, std::int64_t last_change, const Change& except) {
  Statement query(db, std::string("SELECT count(*)") + kEarlierLicenses);
  bind_earlier(query, last_change, except);
  query.step();
  return query.int64(0);
}

}  // namespace damsync
