#include "sync/report/json_parts.h"

#include <algorithm>
#include <string>

namespace damsync {
namespace {

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }
Json or_null(std::optional<UtcTime> time) { return time ? Json(format_rfc3339(*time)) : Json(); }

/// An array of what `to_json` makes of each item.
template <class Items, class ToJson>
Json list_of(const Items& items, ToJson&& to_json) {
  Json out = Json::array();
  for (const auto& item : items) out.push(to_json(item));
  return out;
}

Json text_json(const std::string& text) { return Json(text); }

Json span_json(const ReportSpan& span) {
  return Json::object({{"from", format_rfc3339(span.from)}, {"to", format_rfc3339(span.to)}});
}

Json coverage_json(const ReportCoverage& c) {
  return Json::object({{"account", c.account},
                       {"provider", c.provider},
                       {"stream", c.stream},
                       {"complete", c.complete},
                       {"observed", list_of(c.observed, span_json)},
                       {"gaps", list_of(c.gaps, span_json)},
                       {"gaps_made_good", list_of(c.gaps_made_good, span_json)},
                       {"last_ok_at", or_null(c.last_ok_at)},
                       {"last_full_at", or_null(c.last_full_at)},
                       {"rows_seen", c.rows_seen},
                       {"rows_expected", c.rows_expected},
                       {"error", or_null(c.error)}});
}

Json change_json(const Change& change) {
  return Json::object({{"seq", change.seq},
                       {"id", change.id},
                       {"time", format_rfc3339(change.time)},
                       {"type", to_word(change.type)},
                       {"provider", change.provider},
                       {"account", change.account},
                       {"asset_id", or_null(change.asset_id)},
                       {"license_id", or_null(change.license_id)},
                       {"revision", change.revision},
                       {"fields", list_of(change.fields, text_json)}});
}

Json counts_json(const std::map<std::string, std::int64_t>& counts) {
  Json out = Json::object();
  for (const auto& [name, count] : counts) out.set(name, count);
  return out;
}

Json changes_json(const ReportChanges& changes) {
  return Json::object({{"since", or_null(changes.since)},
                       {"counts", counts_json(changes.counts)},
                       {"events", list_of(changes.events, change_json)},
                       {"not_listed", changes.not_listed}});
}

Json terms_json(const ReportTerms& terms) {
  return Json::object({{"match", terms.match},
                       {"licensee", or_null(terms.licensee)},
                       {"start", or_null(terms.start)},
                       {"end", or_null(terms.end)},
                       {"terms_url", or_null(terms.terms_url)},
                       {"terms_file", or_null(terms.terms_file)},
                       {"terms_sha256", or_null(terms.terms_sha256)}});
}

Json waiver_json(const ReportWaiver& waiver) {
  return Json::object({{"code", to_word(waiver.code)},
                       {"provider", or_null(waiver.provider)},
                       {"account", or_null(waiver.account)},
                       {"asset_id", or_null(waiver.asset_id)},
                       {"license_id", or_null(waiver.license_id)},
                       {"path", or_null(waiver.path)},
                       {"by", waiver.signed_off.by},
                       {"until", or_null(waiver.signed_off.until)},
                       {"reason", waiver.signed_off.reason},
                       {"state", state_word(waiver)},
                       {"findings", waiver.findings}});
}

Json plan_json(const ReportPlan& item) {
  const auto& plan = item.plan;
  return Json::object({{"account", item.account},
                       {"provider", item.provider},
                       {"plan_id", plan.plan_id},
                       {"description", or_null(plan.description)},
                       {"license_type", or_null(plan.license_type)},
                       {"expires_at", or_null(plan.expires_at)},
                       {"download_limit", plan.limit},
                       {"downloads_left", plan.left},
                       {"period_ends_at", or_null(plan.period_ends_at)},
                       {"read_at", format_rfc3339(item.read_at)}});
}

Json open_and_waived(const ReportTotals::CodeCount& count) {
  return Json::object({{"open", count.open}, {"waived", count.waived}});
}

Json json_totals(const ReportTotals& totals) {
  Json codes = Json::object(), severities = Json::object();
  for (const auto& rule : finding_rules())
    codes.set(to_word(rule.code), open_and_waived(totals.by_code[static_cast<std::size_t>(rule.code)]));
  for (const auto severity : {FindingSeverity::kHigh, FindingSeverity::kMedium, FindingSeverity::kLow})
    severities.set(to_word(severity), open_and_waived(totals.by_severity[static_cast<std::size_t>(severity)]));
  return Json::object({{"assets", totals.assets},
                       {"assets_without_license", totals.assets_without_license},
                       {"assets_withdrawn", totals.assets_withdrawn},
                       {"licenses", totals.licenses},
                       {"licenses_held", totals.licenses_held},
                       {"licenses_vanished", totals.licenses_vanished},
                       {"files_mirrored", totals.files_mirrored},
                       {"bytes", totals.bytes},
                       {"files_by_state", counts_json(totals.files_by_state)},
                       {"findings_by_code", std::move(codes)},
                       {"findings_by_severity", std::move(severities)},
                       {"findings_new", totals.findings_new},
                       {"licenses_by_month", counts_json(totals.licenses_by_month)},
                       {"licenses_by_provider", counts_json(totals.licenses_by_provider)},
                       {"licenses_by_type", counts_json(totals.licenses_by_type)}});
}

}  // namespace

std::vector<Json::Member> json_head(const ReportHead& head) {
  std::vector<Json::Member> members = {{"as_of", format_rfc3339(head.as_of)},
                                       {"changes", changes_json(head.changes)},
                                       {"complete", head.complete},
                                       {"coverage", list_of(head.coverage, coverage_json)},
                                       {"incomplete_reasons", list_of(head.incomplete_reasons, text_json)},
                                       {"plans", list_of(head.plans, plan_json)},
                                       {"judged_on", head.judged_on},
                                       {"report_date", head.report_date},
                                       {"schema", kReportSchema},
                                       {"store_checked_at", or_null(head.store_checked_at)},
                                       {"time_zone", or_null(head.time_zone)}};
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return members;
}

std::vector<Json::Member> json_tail(const ReportTotals& totals) {
  return {{"notes", list_of(totals.notes, text_json)},
          {"terms", list_of(totals.terms, terms_json)},
          {"totals", json_totals(totals)},
          {"waivers", list_of(totals.waivers, waiver_json)}};
}

}  // namespace damsync
