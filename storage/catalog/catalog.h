#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/model/asset.h"
#include "storage/model/event.h"
#include "storage/model/license.h"
#include "storage/model/run.h"

namespace damsync {

class Database;

/// Restricts a listing; empty members do not restrict.
struct ListFilter {
  std::string account;
  std::string provider;
  std::string state;             ///< the word of the listed thing's state
  std::optional<UtcTime> since;  ///< inclusive; of updated_at, licensed_at, mirrored_at, time, started_at
  std::optional<UtcTime> until;  ///< exclusive
  std::optional<std::int64_t> limit;
};

/// Where a stream stands.
struct StreamRow {
  std::string account;
  std::string name;
  std::string cursor;
  std::optional<UtcTime> last_ok_at;    ///< end of the last poll that reached the end of the stream
  std::optional<UtcTime> last_full_at;  ///< end of the last complete listing
  std::string last_error;               ///< of the last poll; empty when it went well
};

/// A span of provider time that was observed completely (I11).
struct CoverageRow {
  std::string account;
  std::string stream;
  UtcTime from{};
  UtcTime to{};
};

/// Work that is due: what is recorded as wanted and not done. `attempts` 0: never tried.
struct WorkItem {
  std::string account;
  std::string asset_id;
  std::string license_id;  ///< empty for metadata
  int attempts = 0;
};

/// Kinds of `pending` rows. What failed or is not done yet is a row of the transaction that moved the cursor past it
/// (I3).
enum class PendingKind {
  kMetadata,    ///< key: asset id
  kFile,        ///< key: license id
  kWithdrawal,  ///< key: asset id; the provider does not have it any more, the deletion brake has not let it pass yet
  kVanish,      ///< key: license id; a complete history does not list it, likewise
  kRejected,    ///< key: what and id; quarantined where it was read, for a person; never retried
};

struct PendingRow {
  std::string account;
  PendingKind kind = PendingKind::kMetadata;
  std::string key;
  int attempts = 0;
  std::optional<UtcTime> next_at;
  std::string reason;
  UtcTime first_at{};
};

struct AccountCounts {
  std::int64_t assets_active = 0;
  std::int64_t assets_withdrawn = 0;
  std::int64_t assets_unknown = 0;
  std::int64_t licenses_held = 0;
  std::int64_t licenses_vanished = 0;
  std::int64_t files_mirrored = 0;
  std::int64_t files_open = 0;  ///< pending, failed, missing or corrupt
  std::int64_t files_blocked = 0;
  std::int64_t quarantined = 0;  ///< rejected items plus work that has failed at least once
  std::int64_t backlog = 0;      ///< metadata and files still wanted
};

struct StoreTotals {
  std::int64_t files = 0;  ///< distinct mirrored paths
  std::int64_t bytes = 0;
  std::optional<UtcTime> oldest_verified_at;
};

/// The reading half of the catalog. Listings stream: memory does not depend on the number of rows, and every
/// listing has a fixed order (account, then id or sequence).
///
/// Errors   SQL failures throw (`DatabaseError`); the callers' one catch is around a run and in `main`.
/// Threads  one thread, the one of its `Database`.
class Catalog {
 public:
  explicit Catalog(Database& db) : db_(db) {}

  using AssetVisitor = std::function<bool(const AssetRow&)>;  ///< false stops the listing
  void list_assets(const ListFilter& filter, const AssetVisitor& visit) const;
  void list_licenses(const ListFilter& filter, const std::function<bool(const LicenseRow&)>& visit) const;
  void list_files(const ListFilter& filter, const std::function<bool(const FileRow&)>& visit) const;
  /// In feed order, `seq > after`.
  void list_changes(const ListFilter& filter, std::int64_t after,
                    const std::function<bool(const Change&)>& visit) const;
  /// Newest first.
  void list_runs(const ListFilter& filter, const std::function<bool(const RunSummary&)>& visit) const;

  /// `find_asset`, `find_license` and `licenses_of` fill `raw`, listings do not.
  [[nodiscard]] std::optional<AssetRow> find_asset(const std::string& account, const std::string& asset_id) const;
  [[nodiscard]] std::optional<LicenseRow> find_license(const std::string& account, const std::string& license_id) const;
  [[nodiscard]] std::optional<FileRow> find_file(const std::string& account, const std::string& license_id) const;
  [[nodiscard]] std::vector<LicenseRow> licenses_of(const std::string& account, const std::string& asset_id) const;
  [[nodiscard]] std::vector<FileRow> files_of(const std::string& account, const std::string& asset_id) const;
  [[nodiscard]] std::vector<Change> changes_of(const std::string& account, const std::string& asset_id) const;
  /// Accounts that hold an asset of that id at that provider, in name order.
  [[nodiscard]] std::vector<std::string> accounts_with(const std::string& provider, const std::string& asset_id) const;
  /// A mirrored file of the account with that path, if any license has one (several may share it).
  [[nodiscard]] std::optional<FileRow> find_file_at(const std::string& path) const;
  /// Assets of the account that have a file of these bytes, each once.
  [[nodiscard]] std::vector<std::string> assets_with_bytes(const std::string& account, const std::string& sha256) const;
  /// Every distinct path the catalog knows (mirrored, missing, corrupt) with its expected hash, in path order.
  struct StoredFile {
    std::string account, asset_id, path, sha256;
    std::int64_t bytes = 0;
    FileState state = FileState::kMirrored;
    std::optional<UtcTime> verified_at;
  };
  void list_stored_files(const std::function<bool(const StoredFile&)>& visit) const;
  /// Every sidecar path the catalog knows, in path order.
  void list_sidecars(const std::function<bool(const std::string& path, const std::string& sha256)>& visit) const;

  [[nodiscard]] std::vector<std::string> asset_ids(const std::string& account) const;  ///< sorted by byte value
  [[nodiscard]] StreamRow stream(const std::string& account,
                                 const std::string& name) const;  ///< empty cursor when unknown
  [[nodiscard]] std::vector<StreamRow> streams() const;
  [[nodiscard]] std::vector<CoverageRow> coverage() const;  ///< merged, in order
  [[nodiscard]] AccountCounts counts(const std::string& account) const;
  [[nodiscard]] StoreTotals store_totals() const;
  [[nodiscard]] std::vector<std::string> accounts() const;

  /// Metadata that is wanted (pending rows), in id order after `after_asset_id`, at most `limit`.
  /// `now` empty: whatever the stored back-off.
  [[nodiscard]] std::vector<WorkItem> due_metadata(const std::string& account, std::optional<UtcTime> now,
                                                   const std::string& after_asset_id, std::size_t limit) const;
  /// Assets that are held as images, in id order: what the provider can describe.
  [[nodiscard]] std::vector<std::string> image_ids(const std::string& account) const;
  /// Active and some withdrawn assets last looked at before `before` and not wanted already, oldest look first.
  [[nodiscard]] std::vector<std::string> stale_assets(const std::string& account, UtcTime before,
                                                      std::size_t limit) const;
  /// Files of held licenses that are wanted (pending, failed, missing, corrupt), in (asset, license) order after the
  /// given key.
  [[nodiscard]] std::vector<WorkItem> due_files(const std::string& account, std::optional<UtcTime> now,
                                                const WorkItem& after, std::size_t limit) const;
  /// Assets whose asset.json may be out of date, in id order.
  [[nodiscard]] std::vector<std::string> dirty_sidecars(const std::string& account, std::size_t limit) const;
  [[nodiscard]] std::vector<PendingRow> pending(const std::string& account, PendingKind kind) const;
  [[nodiscard]] bool has_pending(const std::string& account, PendingKind kind, const std::string& key) const;
  /// Whether an item was set aside and is not to be found any more.
  [[nodiscard]] bool is_settled(const std::string& account, const std::string& rejected_key) const;
  /// Held licenses that the scan `scan_id` did not see, licensed at or after `from` (all when empty).
  [[nodiscard]] std::vector<LicenseRow> unseen_licenses(const std::string& account, const std::string& scan_id,
                                                        std::optional<UtcTime> from) const;
  /// Value of a catalog-wide setting (`store_id`, …), or empty.
  [[nodiscard]] std::string setting(const std::string& key) const;

 private:
  Database& db_;
};

}  // namespace damsync
