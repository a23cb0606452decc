#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/time.h"
#include "storage/model/event.h"

namespace damsync {

class Database;
class Sha256;
class Statement;

/// What a row of the audit log is about, as text of which the digest is taken: JSON arrays of the columns in order.
/// For `audit_log.cpp` and `audit_check.cpp`.
///
/// Errors   SQL failures throw (`DatabaseError`).

/// Nothing when the catalog has no such row (any more).
std::optional<std::string> change_content(Database& db, std::int64_t change_seq);
/// What was intended: the columns that never alter.
std::optional<std::string> spend_intent_content(Database& db, std::int64_t spend_id);
/// The whole row; nothing while it is open.
std::optional<std::string> spend_closed_content(Database& db, std::int64_t spend_id);
/// Digest of a license as it stands, with the digest of the provider's own words.
std::optional<std::string> license_digest(Database& db, const std::string& account, const std::string& license_id);
/// Digest of what is said of an asset, with the digest of the provider's own words.
std::optional<std::string> asset_digest(Database& db, const std::string& account, const std::string& asset_id);
/// SHA-256 of the license's file; empty without one.
std::string file_digest(Database& db, const std::string& account, const std::string& license_id);

/// True for changes whose row covers the license they name.
bool covers_license(EventType type) noexcept;
/// The same for the asset.
bool covers_asset(EventType type) noexcept;

/// Takes the rows into the hash, each as a JSON array and a line feed.
void fold_rows(Sha256& hash, Statement& rows, int columns);

/// How far the catalog had come when the log began, and the digest of everything up to there.
struct AuditOrigin {
  std::int64_t last_change = 0;
  std::int64_t last_spend = 0;
  std::int64_t licenses = 0;

  /// `changes=0 spends=0 licenses=0`
  [[nodiscard]] std::string to_text() const;
  static std::optional<AuditOrigin> from_text(std::string_view text);
};
/// Changes, spends and licenses with the provider's words, in the order of their keys. Of what is altered later by
/// rights, only what never alters counts. A license counts when no `license.added` after `last_change` tells of it;
/// `except` is one that is about to be told of.
std::string origin_digest(Database& db, const AuditOrigin& origin, const Change& except);
/// The number of licenses that `origin_digest` covers.
std::int64_t origin_licenses(Database& db, std::int64_t last_change, const Change& except);

}  // namespace damsync
