#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/catalog/catalog.h"
#include "storage/catalog/stray_book.h"
#include "storage/model/plan.h"

namespace damsync {

/// One license with its asset and its file. Texts point into the row: valid during the visit only.
struct AuditLicense {
  std::string_view account, provider, license_id, asset_id;
  std::string_view state, media_kind, license_type, size, format, licensed_at_text, licensed_by;
  std::string_view details;     ///< flat JSON object
  std::string_view raw_sha256;  ///< of the provider's own words
  UtcTime licensed_at{}, first_seen_at{};
  std::optional<UtcTime> vanished_at;
  std::optional<bool> downloadable;

  std::string_view asset_state;
  std::string_view metadata;  ///< JSON of `AssetMetadata`; empty while not described
  std::optional<UtcTime> withdrawn_at;
  bool described_before = false;  ///< the asset was described otherwise once: see `AuditReader::descriptions`
  bool has_siblings = false;      ///< the asset has further licenses
  bool learned_later = false;     ///< taken until the past moment, and the catalog did not know of it then

  std::string_view file_state, file_reason, path, sha256;
  std::optional<std::int64_t> bytes;
  std::optional<UtcTime> mirrored_at, verified_at;
};

/// An asset of an account that gives no licenses. Texts point into the row.
struct AuditAsset {
  std::string_view account, provider, asset_id, state;
  std::string_view metadata;  ///< as in `AuditLicense`
  std::optional<UtcTime> withdrawn_at;
  bool described_before = false;
};

/// What an account did not give, or not so that it could be read.
struct AuditShortfall {
  std::string account;
  std::int64_t count = 0;
  std::vector<std::string> keys;  ///< the first few
  std::string reason;             ///< of the first one; may be empty
};

/// What an account lost and the deletion brake has not let pass: no row tells of it yet.
struct HeldLosses {
  std::string account;
  std::int64_t withdrawals = 0, vanished_licenses = 0;
};

/// What an asset was said to be until a moment.
struct PastDescription {
  UtcTime until{};
  std::string metadata;
};

/// How many licenses a complete reading of the history saw, of those that are held and those that could not be read.
struct HistoryReading {
  std::int64_t seen = 0, expected = 0;
};

/// A call that may have used up quota, and nobody knows.
struct OpenSpend {
  std::int64_t spend_id = 0;
  std::string account, provider, asset_id, license_id;
  UtcTime intended_at{};
};

/// A call that used up quota for the file of a license.
struct PaidCall {
  std::int64_t spend_id = 0;
  std::string license_id;
  UtcTime intended_at{};
};

/// Up to where an earlier report tells.
struct ReportMark {
  std::int64_t seq = 0;  ///< the newest change of the feed that it knows
  UtcTime as_of{};
  UtcTime judged_at{};  ///< what is found since then is not in it
};

/// Plans as they were last read.
struct AuditPlan {
  std::string account, provider;
  Plan plan;
  UtcTime read_at{};
};

/// The catalog for a report: one consistent snapshot, of now or as it was at a past moment. Streams; memory does not
/// depend on the number of rows. A past moment has the licenses that were taken until then, those that the catalog did
/// not know yet as it first knew them; what is not kept of the past is left out. Use a read-only connection: a snapshot
/// that stays open holds up nobody but the checkpoints of the write-ahead log.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  one.
class AuditReader {
 public:
  /// `past`: rows as they were at that moment; empty: as they are. Begins the snapshot.
  AuditReader(Database& db, std::optional<UtcTime> past);
  ~AuditReader();  ///< ends the snapshot
  AuditReader(const AuditReader&) = delete;
  AuditReader& operator=(const AuditReader&) = delete;

  /// In (account, asset_id, license_id) order; `visit` returns false to stop.
  void licenses(const std::function<bool(const AuditLicense&)>& visit) const;
  /// Those of one asset.
  void licenses_of(const std::string& account, const std::string& asset_id,
                   const std::function<bool(const AuditLicense&)>& visit) const;
  /// The statement behind `licenses`, for whoever wants to know how it is run.
  [[nodiscard]] std::string licenses_sql() const;
  /// Assets of accounts that have no license at all, in (account, asset_id) order.
  void unlicensed_assets(const std::function<bool(const AuditAsset&)>& visit) const;
  [[nodiscard]] std::int64_t count_licenses() const;
  [[nodiscard]] bool has_licenses(const std::string& account) const;
  /// The newest moment until `now` that the catalog tells of, reports apart: while nothing is recorded it stays the
  /// same. Later ones are of a clock that was ahead. Nothing for an empty catalog.
  [[nodiscard]] std::optional<UtcTime> newest_record(UtcTime now) const;
  /// Earlier descriptions of an asset, oldest first; only those that ended until the snapshot's moment.
  [[nodiscard]] std::vector<PastDescription> descriptions(const std::string& account,
                                                          const std::string& asset_id) const;

  /// Since when the license's file is in its state, and since when it may not be downloaded. Nothing: always.
  [[nodiscard]] std::optional<UtcTime> file_state_since(const AuditLicense& license) const;
  [[nodiscard]] std::optional<UtcTime> not_downloadable_since(const AuditLicense& license) const;

  /// What was set aside because it could not be read, and was not read since. Of a past moment only licenses.
  [[nodiscard]] std::vector<AuditShortfall> rejected() const;
  /// Assets whose description was never given, could not be had, or is out of date by the provider's own word. What is
  /// only looked at again from time to time waits for nothing. Nothing for a past moment: it was not kept.
  [[nodiscard]] std::vector<AuditShortfall> waiting() const;
  /// Accounts whose losses are held. Nothing for a past moment: there the failed run tells.
  [[nodiscard]] std::vector<HeldLosses> held_losses() const;
  /// Other assets that are held as images and were never described.
  [[nodiscard]] std::vector<AuditShortfall> undescribed() const;

  /// Spending calls whose outcome was not known at that moment, by id.
  [[nodiscard]] std::vector<OpenSpend> open_spends() const;
  /// Spending calls that used up quota for files of the asset, oldest first. Of every account of the provider: an
  /// account may have been given another name since.
  [[nodiscard]] std::vector<PaidCall> paid_calls(std::string_view provider, std::string_view asset_id) const;
  /// When the account's plans were last read until the moment. Nothing: never.
  [[nodiscard]] std::optional<UtcTime> plans_read_at(const std::string& account) const;
  /// Whether the provider does not let them be read. Of a past moment it was not kept: no.
  [[nodiscard]] bool plans_refused(const std::string& account) const;
  /// Of all accounts, by account and id, each by that reading; none where it told of none.
  [[nodiscard]] std::vector<AuditPlan> plans() const;
  /// Earlier readings of a plan, newest first; `visit` returns false to stop.
  void earlier_plans(const AuditPlan& plan, const std::function<bool(const Plan&, UtcTime read_at)>& visit) const;
  /// Of a past moment with the account's last success then, from the book of runs, and no more.
  [[nodiscard]] std::vector<StreamRow> streams() const;
  /// Accounts whose last run before the past moment failed, and why. Of now the streams tell.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> failed_runs() const;
  /// Spans that begin until the moment. How far the newest one reached then is not kept.
  [[nodiscard]] std::vector<CoverageRow> coverage() const;
  /// Whether every asset that is held as an image was looked at after that moment; one that was not known then does not
  /// count. Of a past moment by the run that was under way then or followed: later looks overwrite when.
  [[nodiscard]] bool rechecked_since(const std::string& account, UtcTime time) const;
  /// By the last complete reading that ended at `full_at`. Nothing for a past moment: it was not kept.
  [[nodiscard]] std::optional<HistoryReading> history_reading(const std::string& account, UtcTime full_at) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> accounts() const;  ///< name, provider
  /// Since when the catalog knows the account; nothing: it did not by then.
  [[nodiscard]] std::optional<UtcTime> account_since(const std::string& account) const;

  /// Of the newest report of the chain (empty: that of `audit.directory`) that has an earlier date than `report_date`
  /// and tells of no later moment than the snapshot's, whenever it was written: its `report.completed` names the
  /// moments it covers. One without them, of an older damsync, covers everything until it was written.
  [[nodiscard]] std::optional<ReportMark> last_report_before(const std::string& report_date,
                                                             const std::string& chain) const;
  /// Of the feed after that, until the moment.
  void changes(const ReportMark& since, const std::function<bool(const Change&)>& visit) const;

  void strays(UtcTime at, const std::function<bool(const StrayFile&)>& visit) const { strays_.list(at, visit); }
  [[nodiscard]] std::optional<UtcTime> store_compared_at(UtcTime at) const { return strays_.compared_at(at); }

 private:
  [[nodiscard]] ReportMark mark_of(const Change& event) const;
  void visit_licenses(const std::string& where, const std::vector<std::string>& bound,
                      const std::function<bool(const AuditLicense&)>& visit) const;

  Database& db_;
  std::optional<UtcTime> past_;
  StrayBook strays_;
};

}  // namespace damsync
