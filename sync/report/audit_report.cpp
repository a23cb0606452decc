#include "sync/report/audit_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace damsync {
namespace {

constexpr std::int64_t kRowsPerStep = 1000;

std::string day_or_empty(const std::optional<std::chrono::sys_days>& day) {
  return day ? format_date(*day) : std::string();
}

std::string match_text(const ReportAgreement& a) {
  std::string out;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) out += fmt::format("{}{}={}", out.empty() ? "" : " ", name, value);
  };
  add("account", a.account);
  add("license_type", a.license_type);
  add("agreement", a.agreement);
  add("subscription_id", a.subscription_id);
  return out.empty() ? "every license" : out;
}

bool is_listed(EventType type) {
  switch (type) {
    case EventType::kLicenseAdded:
    case EventType::kLicenseChanged:
    case EventType::kLicenseVanished:
    case EventType::kAssetWithdrawn:
    case EventType::kAssetRestored: return true;
    default: return false;
  }
}

}  // namespace

AuditReport::AuditReport(const AuditReader& reader, const AuditInput& input)
    : reader_(reader), input_(input), waivers_(input.rules), rows_(input.rules.agreements) {
  for (auto& spend : reader_.open_spends()) spends_.emplace(std::pair(spend.account, spend.license_id), spend);
  head_.report_date = input_.report_date;
  head_.as_of = input_.rules.as_of;
  head_.time_zone = input_.time_zone;
  head_.store_checked_at = reader_.store_compared_at(input_.rules.judged_at);
  for (auto& plan : reader_.plans()) head_.plans.push_back({plan.account, plan.provider, plan.plan});
  describe_coverage();
  judge_completeness();
  describe_changes();
  describe_terms();
}

void AuditReport::describe_coverage() {
  std::map<std::string, std::string> providers;
  for (const auto& [account, provider] : reader_.accounts()) providers[account] = provider;
  for (const auto& stream : reader_.streams()) {
    if (!providers.contains(stream.account)) continue;
    auto& c = head_.coverage.emplace_back();
    c.account = stream.account;
    c.provider = providers[stream.account];
    c.stream = stream.name;
    c.last_ok_at = stream.last_ok_at;
    c.last_full_at = stream.last_full_at;
    c.error = stream.last_error;
    if (!stream.last_full_at) continue;
    if (const auto reading = reader_.history_reading(stream.account, *stream.last_full_at)) {
      c.rows_seen = reading->seen;
      c.rows_expected = reading->expected;
    }
  }
  const auto span_rows = reader_.coverage();
  for (auto& c : head_.coverage) {
    for (const auto& row : span_rows) {
      if (row.account != c.account || row.stream != c.stream) continue;
      if (!c.observed.empty()) c.gaps.push_back({c.observed.back().to, row.from});
      c.observed.push_back({row.from, row.to});
    }
    const bool fresh = c.last_ok_at && input_.rules.judged_at - *c.last_ok_at <= input_.rules.stale_after;
    c.complete = c.error.empty() && c.gaps.empty() && fresh && c.rows_seen.value_or(0) >= c.rows_expected.value_or(0);
  }
}

void AuditReport::judge_completeness() {
  auto& reasons = head_.incomplete_reasons;
  for (const auto& account : input_.accounts) {
    bool known = false, read_whole = false;
    for (const auto& c : head_.coverage) {
      if (c.account != account) continue;
      known = true;
      read_whole = read_whole || c.last_full_at || (input_.past && c.last_ok_at);
      const std::string where = account + ", " + c.stream + ": ";
      if (!c.error.empty()) reasons.push_back(where + "the last poll failed: " + c.error);
      if (!c.gaps.empty()) reasons.push_back(where + fmt::format("{} spans of time were not observed", c.gaps.size()));
      if (!c.last_ok_at)
        reasons.push_back(where + "never read to its end");
      else if (input_.rules.judged_at - *c.last_ok_at > input_.rules.stale_after)
        reasons.push_back(where + "last read to its end at " + format_rfc3339(*c.last_ok_at));
      if (c.rows_seen.value_or(0) < c.rows_expected.value_or(0))
        reasons.push_back(
            where + fmt::format("the last complete reading saw {} of {} licenses", *c.rows_seen, *c.rows_expected));
    }
    if (!known)
      reasons.push_back(account + ": never read");
    else if (!read_whole && reader_.has_licenses(account))
      reasons.push_back(account + ": its whole history was never read");
  }
  reasons.insert(reasons.end(), input_.remarks.begin(), input_.remarks.end());
  head_.complete = reasons.empty();
  if (!input_.late.empty()) reasons.push_back(input_.late);
}

void AuditReport::describe_changes() {
  const auto mark = reader_.last_report_before(input_.report_date);
  if (!mark) return;
  auto& changes = head_.changes;
  changes.since = mark->time;
  reader_.changes(*mark, [&](const Change& change) {
    if (change.type == EventType::kReportCompleted) return true;
    ++changes.counts[to_word(change.type)];
    if (!is_listed(change.type)) return true;
    changes.events.push_back(change);
    if (changes.events.size() > 2 * ReportChanges::kMaxEvents) {
      changes.events.erase(changes.events.begin(), changes.events.begin() + ReportChanges::kMaxEvents);
      changes.not_listed += ReportChanges::kMaxEvents;
    }
    return true;
  });
  if (changes.events.size() > ReportChanges::kMaxEvents) {
    const auto extra = static_cast<std::ptrdiff_t>(changes.events.size() - ReportChanges::kMaxEvents);
    changes.events.erase(changes.events.begin(), changes.events.begin() + extra);
    changes.not_listed += extra;
  }
}

void AuditReport::describe_terms() {
  for (const auto& a : input_.rules.agreements)
    head_.terms.push_back({match_text(a), a.licensee, day_or_empty(a.start), day_or_empty(a.end), a.terms_url,
                           a.terms_file, a.terms_sha256});
}

Status AuditReport::write(ReportRenderer& out, const ProgressSink& progress, std::stop_token stop) {
  if (auto begun = out.begin(head_); !begun) return begun;
  if (auto written = write_loose_findings(out); !written) return written;
  Progress step{.account = "", .step = "audit", .done = 0, .total = 0, .bytes = 0};
  Status status;
  const auto visit = [&](const AuditLicense& license) {
    if (step.done++ % kRowsPerStep == 0) {
      if (progress) progress(step);
      if (stop.stop_requested()) status = make_error(ErrorCode::kCancelled, "stopped while the report was written");
    }
    if (status) status = write_license(license, out);
    return status.ok();
  };
  if (input_.only) {
    reader_.licenses_of(input_.only->first, input_.only->second, visit);
  } else {
    step.total = reader_.count_licenses();
    reader_.licenses(visit);
  }
  if (!status) return status;
  if (progress) progress(step);
  return out.end(totals_);
}

Status AuditReport::write_loose_findings(ReportRenderer& out) {
  Status status;
  const auto write = [&](Finding finding, const std::string& path = {}) {
    waivers_.apply(finding, path);
    count(finding);
    status = out.finding(finding);
    return status.ok();
  };
  std::vector<ReportCoverage> judged = head_.coverage;
  std::erase_if(judged, [&](const ReportCoverage& c) {
    return std::find(input_.accounts.begin(), input_.accounts.end(), c.account) == input_.accounts.end();
  });
  for (auto& finding : find_in_coverage(input_.rules, judged))
    if (!write(std::move(finding))) return status;
  reader_.strays(input_.rules.judged_at, [&](const StrayFile& file) { return write(stray_file(file), file.path); });
  if (!status) return status;
  for (auto& finding : find_in_plans(input_.rules, head_.plans))
    if (!write(std::move(finding))) return status;
  return status;
}

Status AuditReport::write_license(const AuditLicense& license, ReportRenderer& out) {
  const bool next_asset = row_.asset_id != license.asset_id || row_.account != license.account;
  if (next_asset) begin_asset(license);
  rows_.read(license, row_);
  findings_.clear();
  find_in_row(input_.rules, row_, context_of(license), findings_);
  for (auto& finding : findings_) {
    waivers_.apply(finding, row_.path);
    count(finding);
    row_.findings.emplace_back(to_word(finding.code));
  }
  count_row();
  return out.license(row_, findings_);
}

void AuditReport::begin_asset(const AuditLicense& license) {
  held_kinds_.clear();
  paths_.clear();
  ++totals_.assets;
  if (license.asset_state == to_word(AssetState::kWithdrawn)) ++totals_.assets_withdrawn;
}

RowContext AuditReport::context_of(const AuditLicense& license) {
  RowContext context;
  context.facts = &rows_.facts();
  context.agreement = rows_.agreement();
  if (row_.license_state == to_word(LicenseState::kHeld)) {
    const auto [first, is_first] =
        held_kinds_.emplace(row_.license_type + '\n' + row_.size + '\n' + row_.format, row_.license_id);
    if (!is_first) context.same_as = first->second;
  }
  if (!spends_.empty()) {
    const auto spend = spends_.find({row_.account, row_.license_id});
    if (spend != spends_.end()) {
      context.spend_open_since = spend->second.intended_at;
      context.spend_id = spend->second.spend_id;
    }
  }
  if (license.described_before) find_change(license, context);
  if (row_.withdrawn_at.at && input_.replacements)
    context.replacements = input_.replacements(row_.account, row_.asset_id);
  return context;
}

/// As licensed means: as it was described at that time, or first of all if nothing older is known.
void AuditReport::find_change(const AuditLicense& license, RowContext& context) {
  auto past = reader_.descriptions(row_.account, row_.asset_id);
  std::erase_if(past, [&](const PastDescription& d) { return d.until <= license.licensed_at; });
  if (past.empty()) return;
  UsageFacts then, before;
  rows_.read_facts(past.front().metadata, then);
  context.change = usage_difference(then, rows_.facts());
  if (context.change.empty()) return;
  for (const auto& description : past) {
    rows_.read_facts(description.metadata, before);
    if (usage_difference(then, before).empty()) context.changed_at = description.until;
  }
}

void AuditReport::count_row() {
  ++totals_.licenses;
  const bool held = row_.license_state == to_word(LicenseState::kHeld);
  ++(held ? totals_.licenses_held : totals_.licenses_vanished);
  ++totals_.files_by_state[row_.file_state];
  if (row_.file_state == to_word(FileState::kMirrored)) {
    ++totals_.files_mirrored;
    if (paths_.insert(row_.path).second) totals_.bytes += row_.bytes.value_or(0);
  }
  ++totals_.licenses_by_month[row_.licensed_at.text.substr(0, 7)];
  ++totals_.licenses_by_provider[row_.provider];
  ++totals_.licenses_by_type[row_.license_type];
}

void AuditReport::count(const Finding& finding) {
  auto& code = totals_.by_code[static_cast<std::size_t>(finding.code)];
  auto& severity = totals_.by_severity[static_cast<std::size_t>(finding.severity)];
  ++(finding.waived ? code.waived : code.open);
  ++(finding.waived ? severity.waived : severity.open);
  const auto& since = head_.changes.since;
  if (!since || (finding.first_seen.at && *finding.first_seen.at > *since)) ++totals_.findings_new;
}

}  // namespace damsync
