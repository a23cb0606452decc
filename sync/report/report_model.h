#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "storage/base/time.h"
#include "storage/model/event.h"
#include "storage/model/plan.h"
#include "sync/agreement/agreement.h"

namespace damsync {

/// The version of the report's outside: names and meaning of the members of `report.json`.
inline constexpr std::string_view kReportSchema = "damsync-report/1";

/// A moment and its text, written once a row however many files it goes into. Empty text: not known.
struct ReportTime {
  std::optional<UtcTime> at;
  std::string text;  ///< RFC 3339 with `Z`

  void set(std::optional<UtcTime> time);
};

/// What is wrong, or must be known, about a license, a file, an account. The words are the contract's and never change.
enum class FindingCode {
  kWithdrawnHeld,
  kLicenseNoFile,
  kFileNoLicense,
  kFileMissing,
  kFileHashMismatch,
  kLicenseVanished,
  kLicenseDuplicate,
  kNotDownloadable,
  kEditorialOnly,
  kRestrictionChanged,
  kReleaseMissing,
  kReleaseUnclear,
  kProjectMissing,
  kUnknownUser,
  kSpendUnsettled,
  kQuotaLow,
  kPlanEnding,
  kEndDateUnknown,
  kExpiring,
  kExpired,
  kCoverageGap,
  kStaleProvider,
  kAiGenerated,
  kAdult,
};
inline constexpr std::size_t kFindingCodes = 24;

enum class FindingSeverity { kHigh, kMedium, kLow };
inline constexpr std::size_t kFindingSeverities = 3;

const char* to_word(FindingCode code) noexcept;
const char* to_word(FindingSeverity severity) noexcept;
std::optional<FindingCode> finding_code_from_word(std::string_view word) noexcept;

/// What a code means and what to do about it: the table that every report prints and the README explains.
struct FindingRule {
  FindingCode code;
  FindingSeverity severity;
  const char* meaning;  ///< one sentence for a lawyer
  const char* remedy;   ///< one sentence: what to do
};
/// Every code once: by severity, then in the contract's order.
std::span<const FindingRule, kFindingCodes> finding_rules() noexcept;
const FindingRule& rule_of(FindingCode code) noexcept;

/// Somebody signed that a finding is accepted.
struct FindingWaiver {
  std::string by;
  std::string until;  ///< last day, `YYYY-MM-DD`; empty: without end
  std::string reason;
  bool operator==(const FindingWaiver&) const = default;
};

/// One finding. `severity` is that of the code's rule.
struct Finding {
  FindingCode code = FindingCode::kWithdrawnHeld;
  FindingSeverity severity = FindingSeverity::kHigh;
  std::string provider, account;
  std::string asset_id, license_id;  ///< empty: not about one
  std::string message;               ///< what, for a person; from outside in parts: escape it
  ReportTime first_seen;
  std::optional<FindingWaiver> waived;
};

/// One license with all that is known of it, at the report's moment. Reused from row to row, so that a million rows
/// cost no allocations; empty texts and absent values are not known.
struct ReportLicense {
  std::string provider, account, asset_id, title, creator, credit_line, media_kind;
  std::string license_id, license_type, license_model, agreement, subscription_id, licensee;
  ReportTime licensed_at;
  std::string licensed_at_original;  ///< as the provider wrote it, with its offset
  std::string licensed_by, project, purchase_order, client, size, format, price, currency;
  std::string start, end;  ///< first and last day, `YYYY-MM-DD`
  std::string end_source;  ///< where the end comes from: `agreement`; empty with an unknown end
  std::optional<bool> editorial;
  std::vector<std::string> restrictions;
  std::string model_release, property_release;  ///< `yes`, `no`, or the provider's own words
  std::vector<std::string> releases;
  std::optional<bool> ai_generated, adult;
  std::optional<bool> licensed_as_ai;  ///< said with the license; counts where the description says nothing
  std::string licensed_model;          ///< said with the license; counts before what the description says
  std::string usage_terms, terms_url, terms_file, terms_sha256;
  std::optional<bool> downloadable;
  std::string path;  ///< relative to the store root
  std::optional<std::int64_t> bytes;
  std::string sha256, file_state, file_reason;
  ReportTime mirrored_at, verified_at;
  std::string asset_state;  ///< what the provider says of the asset: `active`, `withdrawn`, `unknown`
  ReportTime withdrawn_at;
  std::string license_state;  ///< what the provider says of the license: `held`, `vanished`
  ReportTime vanished_at, first_seen;
  ReportTime learned_at;       ///< in a report of the past: it was taken by then, and learned of later, at this time
  std::string taken_by_spend;  ///< the paid call of ours that this license is the trace of
  std::string raw_sha256;      ///< of the provider's own words about the license
  std::vector<std::string> findings;  ///< codes, in the order of the findings
};

/// One column of `licenses[]` and of `licenses.csv`: the JSON member's name is the CSV header.
struct ReportColumn {
  using Access = std::variant<std::string ReportLicense::*, std::optional<std::int64_t> ReportLicense::*,
                              std::optional<bool> ReportLicense::*, ReportTime ReportLicense::*,
                              std::vector<std::string> ReportLicense::*>;
  const char* name;
  Access access;
};
/// In reading order, the order of CSV and spreadsheet; canonical JSON sorts by name.
std::span<const ReportColumn> report_columns() noexcept;

/// A span of time that was, or was not, observed.
struct ReportSpan {
  UtcTime from{}, to{};
  bool operator==(const ReportSpan&) const = default;
};

/// What was asked of one stream of one account, up to when, and what is missing.
struct ReportCoverage {
  std::string account, provider, stream;
  std::optional<UtcTime> account_since;  ///< since when the catalog knows the account
  std::vector<ReportSpan> observed;  ///< in order; what lies between two is a gap; of the past without the newest one
  std::vector<ReportSpan> gaps;
  std::vector<ReportSpan> gaps_made_good;  ///< the first ones of them: every held asset was looked at again since
  std::optional<UtcTime> last_ok_at;       ///< last poll that reached the end of the stream
  std::optional<UtcTime> last_full_at;     ///< last complete reading of the history
  std::optional<std::int64_t> rows_seen, rows_expected;  ///< by that reading; of the license history only
  std::string error;                                     ///< of the last poll; empty: it went well
  bool complete = false;
};

/// Gaps of which nothing tells what happened in them.
std::span<const ReportSpan> open_gaps(const ReportCoverage& coverage) noexcept;

/// What happened since the report of an earlier night, from the change feed.
struct ReportChanges {
  std::optional<UtcTime> since;                ///< `as_of` of that report; nothing: there is none
  std::map<std::string, std::int64_t> counts;  ///< by type of event, e.g. `license.added`
  std::vector<Change> events;                  ///< of licenses, withdrawals and returns; the newest `kMaxEvents`
  std::int64_t not_listed = 0;                 ///< further events of those kinds
  static constexpr std::size_t kMaxEvents = 1000;
};

/// Terms that licenses of this report stand under, with the hash of the file that holds them.
struct ReportTerms {
  std::string match;  ///< which licenses, e.g. `account=newsroom license_type=enhanced`
  std::string licensee, start, end, terms_url, terms_file, terms_sha256;
};

/// One entry of the list of exceptions, and what became of it in this report.
struct ReportWaiver {
  FindingCode code = FindingCode::kAdult;
  std::string provider, account, asset_id, license_id, path;  ///< empty: any
  FindingWaiver signed_off;
  bool over = false;          ///< its last day is past: it covers nothing any more
  std::int64_t findings = 0;  ///< of this report that it covers
};
/// `used`, `unused`, or `over`.
const char* state_word(const ReportWaiver& waiver) noexcept;

struct ReportPlan {
  std::string account, provider;
  Plan plan;
  bool renews = false;  ///< its end was moved on last by about a month, as plans do that go on by themselves
  std::optional<UtcTime> low_since;  ///< since when little is left, if little is left
  UtcTime read_at{};                 ///< when the provider said so
};

/// What a report begins with. Everything in it is known before the first license.
struct ReportHead {
  std::string report_date;  ///< local date of the night, `YYYY-MM-DD`
  UtcTime as_of{};        ///< the newest moment that the catalog tells of; of a past report the one that was asked for
  std::string judged_on;  ///< the day by which ends, terms and waivers are judged; local, `YYYY-MM-DD`
  std::string time_zone;
  LocalDay day_of;    ///< in that zone: by it a page shows the day of a time
  bool past = false;  ///< of a past moment: what is not kept is left out
  bool complete = false;
  std::vector<std::string> incomplete_reasons;  ///< one line each, for a person
  std::vector<ReportCoverage> coverage;         ///< in account, stream order
  ReportChanges changes;
  std::vector<ReportPlan> plans;
  /// All names in the store were compared with the catalog then or later. Not kept for the past.
  std::optional<UtcTime> store_checked_at;
};

/// What the rows add up to; known after the last license.
struct ReportTotals {
  std::int64_t assets = 0, assets_withdrawn = 0;  ///< of licenses
  std::int64_t assets_without_license = 0;        ///< of accounts that give no licenses
  std::int64_t licenses = 0, licenses_held = 0, licenses_vanished = 0;
  std::int64_t files_mirrored = 0, bytes = 0;          ///< licenses whose file is there; bytes of distinct paths
  std::map<std::string, std::int64_t> files_by_state;  ///< licenses by the state of their file
  struct CodeCount {
    std::int64_t open = 0, waived = 0;
  };
  std::array<CodeCount, kFindingCodes> by_code{};  ///< by `FindingCode`
  std::array<CodeCount, kFindingSeverities> by_severity{};
  std::int64_t findings_new = 0;  ///< known since the report of an earlier night, or open again since
  std::map<std::string, std::int64_t> licenses_by_month;  ///< `YYYY-MM` of licensed_at, in the zone of the report
  std::map<std::string, std::int64_t> licenses_by_provider, licenses_by_type;
  std::vector<ReportTerms> terms;     ///< those that a license stands under
  std::vector<ReportWaiver> waivers;  ///< the whole list, in its order
  std::vector<std::string> notes;     ///< what else to know when reading it, one line each, for a person
};

}  // namespace damsync
