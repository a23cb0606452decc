#include "sync/report/report_model.h"

#include <algorithm>
#include <iterator>

namespace damsync {
namespace {

using L = ReportLicense;

constexpr ReportColumn kColumns[] = {
    {"provider", &L::provider},
    {"account", &L::account},
    {"asset_id", &L::asset_id},
    {"license_id", &L::license_id},
    {"title", &L::title},
    {"creator", &L::creator},
    {"credit_line", &L::credit_line},
    {"media_kind", &L::media_kind},
    {"license_type", &L::license_type},
    {"license_model", &L::license_model},
    {"agreement", &L::agreement},
    {"subscription_id", &L::subscription_id},
    {"licensee", &L::licensee},
    {"licensed_at", &L::licensed_at},
    {"licensed_at_original", &L::licensed_at_original},
    {"licensed_by", &L::licensed_by},
    {"project", &L::project},
    {"purchase_order", &L::purchase_order},
    {"client", &L::client},
    {"size", &L::size},
    {"format", &L::format},
    {"price", &L::price},
    {"currency", &L::currency},
    {"start", &L::start},
    {"end", &L::end},
    {"end_source", &L::end_source},
    {"editorial", &L::editorial},
    {"restrictions", &L::restrictions},
    {"model_release", &L::model_release},
    {"property_release", &L::property_release},
    {"releases", &L::releases},
    {"ai_generated", &L::ai_generated},
    {"adult", &L::adult},
    {"usage_terms", &L::usage_terms},
    {"terms_url", &L::terms_url},
    {"terms_file", &L::terms_file},
    {"terms_sha256", &L::terms_sha256},
    {"downloadable", &L::downloadable},
    {"path", &L::path},
    {"bytes", &L::bytes},
    {"sha256", &L::sha256},
    {"file_state", &L::file_state},
    {"file_reason", &L::file_reason},
    {"mirrored_at", &L::mirrored_at},
    {"verified_at", &L::verified_at},
    {"asset_state", &L::asset_state},
    {"withdrawn_at", &L::withdrawn_at},
    {"license_state", &L::license_state},
    {"vanished_at", &L::vanished_at},
    {"first_seen", &L::first_seen},
    {"learned_at", &L::learned_at},
    {"taken_by_spend", &L::taken_by_spend},
    {"raw_sha256", &L::raw_sha256},
    {"findings", &L::findings},
};

constexpr const char* kCodeWords[kFindingCodes] = {
    "WITHDRAWN_HELD",   "LICENSE_NO_FILE",   "FILE_NO_LICENSE",  "FILE_MISSING",   "FILE_HASH_MISMATCH",
    "LICENSE_VANISHED", "LICENSE_DUPLICATE", "NOT_DOWNLOADABLE", "EDITORIAL_ONLY", "RESTRICTION_CHANGED",
    "RELEASE_MISSING",  "RELEASE_UNCLEAR",   "PROJECT_MISSING",  "UNKNOWN_USER",   "SPEND_UNSETTLED",
    "QUOTA_LOW",        "PLAN_ENDING",       "END_DATE_UNKNOWN", "EXPIRING",       "EXPIRED",
    "COVERAGE_GAP",     "STALE_PROVIDER",    "AI_GENERATED",     "ADULT",
};

using C = FindingCode;
using S = FindingSeverity;

constexpr std::array<FindingRule, kFindingCodes> kRules = {{
    {C::kWithdrawnHeld, S::kHigh, "The provider no longer offers this asset although a license for it is held.",
     "Stop new uses until the terms have been checked; keep the file and this row as evidence, and look for a "
     "replacement."},
    {C::kFileMissing, S::kHigh, "A licensed file was stored and is no longer where it was stored.",
     "Run `damsync verify --repair`; if the provider does not hand the file out again, restore it from a backup."},
    {C::kFileHashMismatch, S::kHigh, "A stored file is no longer the file that was received from the provider.",
     "Do not publish it; find out who changed it, then run `damsync verify --repair` or restore it from a backup."},
    {C::kLicenseVanished, S::kHigh, "The provider's complete history does not list this license any more.",
     "Ask the provider why; what it said about the license when it was listed is kept and is in the proof of the "
     "asset (`damsync proof`)."},
    {C::kRestrictionChanged, S::kHigh,
     "The provider now states other restrictions, releases or editorial limits than when the asset was first described "
     "to us as licensed.",
     "Compare both statements in the message and decide which uses are still covered."},
    {C::kSpendUnsettled, S::kHigh, "A call that may have used paid quota was made and its outcome is not known.",
     "Look at the provider's invoice, then run `damsync spend settle ID --reason TEXT` or `spend forget`."},
    {C::kExpired, S::kHigh, "The agreement says that the right to use this asset has ended.",
     "Take the asset out of use, or renew the agreement and enter the new end date in the settings."},
    {C::kCoverageGap, S::kHigh, "For a span of time it is not known what the provider changed.",
     "Run `damsync sync --full` and read the next report; until then findings may be missing."},
    {C::kStaleProvider, S::kHigh, "The provider could not be read for longer than three poll intervals.",
     "Look at `damsync status`; until it works again the report shows the state of the last success."},
    {C::kLicenseNoFile, S::kMedium, "A license is held and its file is not in the store.",
     "Read the reason in the row; `damsync sync` fetches what may be fetched free of charge, `damsync adopt` takes in "
     "files you have."},
    {C::kFileNoLicense, S::kMedium, "A file lies in the store for which no license is known.",
     "Remove it from the store, or run `damsync adopt` if it belongs to a license that is held."},
    {C::kReleaseMissing, S::kMedium,
     "The provider says that a model or property release does not exist for an asset that is not for editorial use "
     "alone.",
     "Have recognisable people or property cleared before any commercial use."},
    {C::kProjectMissing, S::kMedium, "The license names no project or purchase order although the account demands one.",
     "Have the person who licensed it enter the project at the provider, or note it in a waiver."},
    {C::kUnknownUser, S::kMedium, "The license was taken by somebody who is not on the list of users.",
     "Find out who it is; add the name to audit.users or block the user at the provider."},
    {C::kQuotaLow, S::kMedium, "Little of a plan's quota is left.",
     "Buy quota, or tell the people who license to wait until the period ends."},
    {C::kPlanEnding, S::kMedium, "A plan ends soon or has ended.", "Renew the plan if it is to be used further."},
    {C::kExpiring, S::kMedium, "The agreement says that the right to use this asset ends soon.",
     "Renew the agreement or plan to take the asset out of use."},
    {C::kLicenseDuplicate, S::kLow, "The same asset is held more than once with the same type and size.",
     "Ask the provider for a refund where it was not intended."},
    {C::kNotDownloadable, S::kLow, "The provider says that the file of this license may not be downloaded.",
     "If the file is needed, ask the provider; a file you have already can be taken in by `damsync adopt`."},
    {C::kEditorialOnly, S::kLow, "The asset may be used for editorial purposes only.",
     "Do not use it in advertising or on products."},
    {C::kReleaseUnclear, S::kLow,
     "What the provider says about releases does not tell whether people and property are cleared.",
     "Ask the provider before any commercial use that shows people or property."},
    {C::kEndDateUnknown, S::kLow, "No end of the right to use is known: the provider does not give one.",
     "If the agreement has an end, enter it as [[agreement]] in the settings."},
    {C::kAiGenerated, S::kLow, "The provider says that the asset was made by artificial intelligence.",
     "Follow the house rules on labelling, and check whether the terms give exclusive rights."},
    {C::kAdult, S::kLow, "The provider marks the asset as adult content.",
     "Use it only where the house rules allow it."},
}};

}  // namespace

void ReportTime::set(std::optional<UtcTime> time) {
  at = time;
  if (time)
    text = format_rfc3339(*time);
  else
    text.clear();
}

const char* to_word(FindingCode code) noexcept { return kCodeWords[static_cast<std::size_t>(code)]; }

const char* to_word(FindingSeverity severity) noexcept {
  constexpr const char* kWords[kFindingSeverities] = {"high", "medium", "low"};
  return kWords[static_cast<std::size_t>(severity)];
}

std::optional<FindingCode> finding_code_from_word(std::string_view word) noexcept {
  const auto* const found = std::find(std::begin(kCodeWords), std::end(kCodeWords), word);
  if (found == std::end(kCodeWords)) return std::nullopt;
  return static_cast<FindingCode>(found - std::begin(kCodeWords));
}

std::span<const FindingRule, kFindingCodes> finding_rules() noexcept { return kRules; }

const FindingRule& rule_of(FindingCode code) noexcept {
  return *std::find_if(kRules.begin(), kRules.end(), [&](const FindingRule& rule) { return rule.code == code; });
}

const char* state_word(const ReportWaiver& waiver) noexcept {
  if (waiver.over) return "over";
  return waiver.findings > 0 ? "used" : "unused";
}

std::span<const ReportSpan> open_gaps(const ReportCoverage& coverage) noexcept {
  return std::span(coverage.gaps).subspan(coverage.gaps_made_good.size());
}

std::span<const ReportColumn> report_columns() noexcept { return kColumns; }

}  // namespace damsync
