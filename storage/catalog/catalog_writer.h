#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/catalog/catalog.h"
#include "storage/sqlite/transaction.h"

namespace damsync {

/// How a license row of a page compares with what was known.
enum class Upsert { kNew, kChanged, kSame, kReturned };  ///< kReturned: had vanished, is listed again

/// What came of writing one.
struct LicenseUpsert {
  Upsert outcome = Upsert::kSame;
  std::vector<std::string> changed;  ///< of a known license: see `changed_facts`
};

/// The writing half of the catalog. Every method must be called inside a `Transaction` of the same database; one page
/// of a provider or one batch of results is one transaction, and its cursor moves in it (I3).
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  one thread.
class CatalogWriter {
 public:
  explicit CatalogWriter(Database& db) : db_(db) {}

  void ensure_account(const std::string& name, const std::string& provider, UtcTime now);
  void put_setting(const std::string& key, const std::string& value);

  // -- what a poll says ---------------------------------------------------------------------------------------
  /// Adds or refreshes a license, its asset row (state unknown) and its file row (pending; blocked with a reason when
  /// `downloadable` is false or the kind is not mirrored). Marks it seen by `scan_id` when not empty. The metadata of
  /// a new asset becomes pending.
  /// A file that another license of the asset already has (same size and format) is shared at once.
  LicenseUpsert upsert_license(const std::string& account, const License& license, const std::string& scan_id,
                               UtcTime now);
  /// Adds an asset that no license tells of (state unknown), its metadata pending. False when it was there already.
  bool add_asset(const std::string& account, const std::string& asset_id, UtcTime now);
  /// Its file, unless fetched, is blocked; its pending rows are done with.
  void set_license_vanished(const std::string& account, const std::string& license_id, UtcTime now);
  void put_stream(const StreamRow& stream);
  void add_coverage(const CoverageRow& row);

  // -- what was found out about assets ----------------------------------------------------------------------
  /// Stores metadata, raw JSON and etag, and sets the state to active. `updated_at` keeps the latest time; without one
  /// it is `now` for an asset that has none. The asset's pending metadata and withdrawal are done with.
  void put_description(const std::string& account, const std::string& asset_id, const AssetRow& described, UtcTime now);
  void touch_checked(const std::string& account, const std::string& asset_id, UtcTime now);
  /// The asset's pending metadata and withdrawal are done with.
  void set_withdrawn(const std::string& account, const std::string& asset_id, UtcTime now);
  /// Remembers the provider's time of a change; never moves backwards.
  void note_update(const std::string& account, const std::string& asset_id, UtcTime time);

  // -- what happened to files ----------------------------------------------------------------------------------
  /// Sets state, reason, path, bytes, sha256 and times as given. Once mirrored or blocked it is not pending any more;
  /// a mirrored file is shared at once with the asset's wanted licenses of the same size and format.
  void put_file(const FileRow& row);
  /// Files of held licenses that were blocked for exactly this reason are wanted again.
  void unblock_files(const std::string& account, const std::string& reason);
  void put_verified(const std::string& path, FileState state, UtcTime now);  ///< all licenses that share the path

  // -- pending work ---------------------------------------------------------------------------------------------
  void put_pending(const PendingRow& row);  ///< replaces the row of the same account, kind and key
  /// Wants the metadata of an asset now. What is wanted already is brought forward; why, and how often it failed,
  /// stays.
  void want_recheck(const std::string& account, const std::string& asset_id, const std::string& reason, UtcTime now);
  /// Rejected rows of `what` (how their keys begin, e.g. `license`) are settled when their keys are not
  /// `still_there`, and open again when they are; an asset that a license is held of stays as it is.
  void settle_rejected(const std::string& account, const std::string& what, const std::set<std::string>& still_there,
                       UtcTime now);
  void clear_pending(const std::string& account, PendingKind kind, const std::string& key);
  void clear_pending(const std::string& account, PendingKind kind);
  void mark_sidecar_dirty(const std::string& account, const std::string& asset_id);
  void put_sidecar(const std::string& account, const std::string& asset_id, const std::string& path,
                   const std::string& sha256);  ///< clean from now on

  // -- runs ------------------------------------------------------------------------------------------------------
  void put_run(const RunSummary& run);

 private:
  void share_with_siblings(const FileRow& mirrored);

  Database& db_;
};

}  // namespace damsync
