#include "sync/report/audit_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace damsync {
namespace {

constexpr std::int64_t kRowsPerStep = 1000;
/// By so much at least an end has to move; less is another way to write it.
constexpr std::chrono::days kMove{1};
/// A plan whose end moves on by so much at a time goes from month to month by itself; two months for a month that was
/// not seen.
constexpr std::chrono::days kMonthlyMove{62};

std::string day_or_empty(const std::optional<std::chrono::sys_days>& day) {
  return day ? format_date(*day) : std::string();
}

std::string match_text(const Agreement& a) {
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

std::string days_text(const Agreement& a) {
  return (a.start ? " from " + format_date(*a.start) : "") + (a.end ? " until " + format_date(*a.end) : "");
}

ReportTerms terms_of(const Agreement& a) {
  return {match_text(a), a.licensee,   day_or_empty(a.start), day_or_empty(a.end),
          a.terms_url,   a.terms_file, a.terms_sha256};
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
    : reader_(reader),
      input_(input),
      waivers_(input.rules),
      agreements_(input.rules.agreements, input.rules.day_of),
      rows_(agreements_),
      holdings_(reader) {
  for (auto& spend : reader_.open_spends()) spends_.emplace(std::pair(spend.account, spend.license_id), spend);
  head_.report_date = input_.report_date;
  head_.as_of = input_.rules.as_of;
  head_.judged_on = format_date(input_.rules.today);
  head_.time_zone = input_.time_zone;
  head_.day_of = input_.rules.day_of;
  head_.past = input_.past;
  if (!input_.past)  // a look that changes nothing must not change the report
    if (const auto compared = reader_.store_compared_at(input_.rules.judged_at))
      head_.store_checked_at = std::min(*compared, head_.as_of);
  describe_plans();
  head_.coverage = describe_coverage(reader_, input_);
  head_.incomplete_reasons = incomplete_reasons(reader_, input_, head_.coverage);
  head_.complete = head_.incomplete_reasons.empty();
  if (!input_.late.empty()) head_.incomplete_reasons.push_back(input_.late);
  describe_changes();
}

void AuditReport::describe_plans() {
  for (auto& known : reader_.plans()) {
    ReportPlan plan{known.account, known.provider, known.plan, false, {}, known.read_at};
    const auto& end = plan.plan.expires_at;
    bool low = is_low(input_.rules, plan.plan), moved = !end;
    if (low) plan.low_since = known.read_at;
    reader_.earlier_plans(known, [&](const Plan& earlier, UtcTime read_at) {
      if (const auto by = !moved && earlier.expires_at ? *end - *earlier.expires_at : Millis(0);
          std::chrono::abs(by) >= kMove) {
        moved = true;
        plan.renews = by > Millis(0) && by <= kMonthlyMove;
      }
      low = low && is_low(input_.rules, earlier);
      if (low) plan.low_since = read_at;
      return low || !moved;
    });
    head_.plans.push_back(std::move(plan));
  }
}

void AuditReport::describe_changes() {
  const auto mark = reader_.last_report_before(input_.report_date, input_.chain);
  if (!mark) return;
  auto& changes = head_.changes;
  changes.since = mark->as_of;
  judged_before_ = mark->judged_at;
  ended_waivers_ = EndedWaivers(input_.rules, mark->judged_at);
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
  put_notes();
  return out.end(totals_);
}

Status AuditReport::write_loose_findings(ReportRenderer& out) {
  Status status;
  const auto write = [&](Finding finding, const std::string& path = {}) {
    waivers_.apply(finding, path);
    count(finding, path);
    status = out.finding(finding);
    return status.ok();
  };
  std::vector<ReportCoverage> judged = head_.coverage;
  std::erase_if(judged, [&](const ReportCoverage& c) {
    return std::find(input_.accounts.begin(), input_.accounts.end(), c.account) == input_.accounts.end();
  });
  for (const auto& account : input_.accounts)
    if (std::none_of(judged.begin(), judged.end(), [&](const auto& c) { return c.account == account; }))
      add_unread(account, judged);
  for (auto& finding : find_in_coverage(input_.rules, judged))
    if (!write(std::move(finding))) return status;
  reader_.strays(input_.rules.judged_at,
                 [&](const StrayFile& file) { return write(stray_file(file), readable_path(file.path)); });
  if (!status) return status;
  for (auto& finding : find_in_plans(input_.rules, head_.plans))
    if (!write(std::move(finding))) return status;
  std::vector<Finding> found;
  reader_.unlicensed_assets([&](const AuditAsset& asset) {
    ++totals_.assets_without_license;
    ++followed_[std::string(asset.account)];
    found.clear();
    find_in_asset(followed(asset), found);
    return std::all_of(found.begin(), found.end(), [&](const Finding& finding) { return write(finding); });
  });
  return status;
}

/// An account of the settings that was never read has no stream to speak for it.
void AuditReport::add_unread(const std::string& account, std::vector<ReportCoverage>& judged) const {
  auto& unread = judged.emplace_back();
  unread.account = account;
  unread.account_since = reader_.account_since(account);
}

FollowedAsset AuditReport::followed(const AuditAsset& asset) {
  FollowedAsset out{std::string(asset.provider), std::string(asset.account), std::string(asset.asset_id), {}, "", {}};
  if (asset.state == to_word(AssetState::kWithdrawn)) out.withdrawn_at = asset.withdrawn_at;
  if (!asset.described_before || asset.metadata.empty()) return out;
  UsageFacts now;
  rows_.read_facts(asset.metadata, now);
  const auto change = change_since(reader_.descriptions(out.account, out.asset_id), now);
  out.change = change.text;
  out.changed_at = change.at;
  return out;
}

Status AuditReport::write_license(const AuditLicense& license, ReportRenderer& out) {
  const bool next_asset = row_.asset_id != license.asset_id || row_.account != license.account;
  if (next_asset) begin_asset(license);
  rows_.read(license, row_);
  findings_.clear();
  find_in_row(input_.rules, row_, context_of(license), findings_);
  if (!described_.empty()) date_findings();
  for (auto& finding : findings_) {
    waivers_.apply(finding, row_.path);
    count(finding, row_.path);
    row_.findings.emplace_back(to_word(finding.code));
  }
  count_row();
  return out.license(row_, findings_);
}

void AuditReport::begin_asset(const AuditLicense& license) {
  paths_.clear();
  holdings_.begin(license);
  described_.clear();
  if (license.described_before)
    described_ = reader_.descriptions(std::string(license.account), std::string(license.asset_id));
  ++totals_.assets;
  if (license.asset_state == to_word(AssetState::kWithdrawn)) ++totals_.assets_withdrawn;
}

RowContext AuditReport::context_of(const AuditLicense& license) {
  RowContext context;
  context.facts = &rows_.facts();
  context.agreement = rows_.agreement();
  context.same_as = holdings_.earlier_than(license);
  if (const auto spend = holdings_.spend_of(license)) row_.taken_by_spend = std::to_string(*spend);
  if (row_.file_state == to_word(FileState::kMissing) || row_.file_state == to_word(FileState::kCorrupt))
    context.file_state_since = reader_.file_state_since(license);
  if (!row_.downloadable.value_or(true)) context.not_downloadable_since = reader_.not_downloadable_since(license);
  if (!spends_.empty()) {
    const auto spend = spends_.find({row_.account, row_.license_id});
    if (spend != spends_.end()) {
      context.spend_open_since = spend->second.intended_at;
      context.spend_id = spend->second.spend_id;
    }
  }
  if (!described_.empty()) find_change(license, context);
  if (row_.withdrawn_at.at && input_.replacements)
    context.replacements = input_.replacements(row_.account, row_.asset_id);
  return context;
}

/// As licensed means: as it was described at that time, or first of all if nothing older is known.
void AuditReport::find_change(const AuditLicense& license, RowContext& context) {
  auto past = described_;
  std::erase_if(past, [&](const PastDescription& d) { return d.until <= license.licensed_at; });
  const auto change = change_since(past, rows_.facts());
  context.change = change.text;
  context.changed_at = change.at;
}

AuditReport::UsageChange AuditReport::change_since(const std::vector<PastDescription>& past, const UsageFacts& now) {
  UsageChange out;
  if (past.empty()) return out;
  UsageFacts then, before;
  rows_.read_facts(past.front().metadata, then);
  out.text = usage_difference(then, now);
  if (out.text.empty()) return out;
  for (const auto& description : past) {
    rows_.read_facts(description.metadata, before);
    if (usage_difference(then, before).empty()) out.at = description.until;
  }
  return out;
}

/// What follows from the description is as old as the newest one that did not give it, when that one was replaced.
void AuditReport::date_findings() {
  std::vector<Finding*> open;
  for (auto& finding : findings_)
    if (follows_from_description(finding.code)) open.push_back(&finding);
  ReportLicense then = row_;
  UsageFacts facts;
  RowContext context;
  context.facts = &facts;
  for (auto past = described_.rbegin(); past != described_.rend() && !open.empty(); ++past) {
    if (row_.first_seen.at && past->until <= *row_.first_seen.at) return;
    rows_.read_facts(past->metadata, facts);
    LicenseRowReader::put_facts(facts, then);
    std::vector<Finding> found;
    find_in_row(input_.rules, then, context, found);
    std::erase_if(open, [&](Finding* finding) {
      const bool was_there =
          std::any_of(found.begin(), found.end(), [&](const Finding& f) { return f.code == finding->code; });
      if (!was_there) finding->first_seen.set(past->until);
      return !was_there;
    });
  }
}

void AuditReport::count_row() {
  ++totals_.licenses;
  const bool held = row_.license_state == to_word(LicenseState::kHeld);
  ++(held ? totals_.licenses_held : totals_.licenses_vanished);
  ++totals_.files_by_state[row_.file_state];
  if (row_.learned_at.at) ++learned_later_;
  if (held && row_.asset_state == to_word(AssetState::kUnknown) && row_.media_kind != "image") ++not_described_kinds_;
  if (row_.file_state == to_word(FileState::kMirrored)) {
    ++totals_.files_mirrored;
    if (paths_.insert(row_.path).second) totals_.bytes += row_.bytes.value_or(0);
  }
  ++totals_.licenses_by_month[format_date(local_day(input_.rules.day_of, *row_.licensed_at.at)).substr(0, 7)];
  ++totals_.licenses_by_provider[row_.provider];
  ++totals_.licenses_by_type[row_.license_type];
}

void AuditReport::count(const Finding& finding, const std::string& path) {
  auto& code = totals_.by_code[static_cast<std::size_t>(finding.code)];
  auto& severity = totals_.by_severity[static_cast<std::size_t>(finding.severity)];
  ++(finding.waived ? code.waived : code.open);
  ++(finding.waived ? severity.waived : severity.open);
  const auto& seen = finding.first_seen.at;
  const bool reopened = !finding.waived && ended_waivers_.covered(finding, path);
  const bool found = !judged_before_ || (seen && *seen > *judged_before_ && *seen <= input_.rules.judged_at);
  if (found || reopened) ++totals_.findings_new;
}

void AuditReport::put_notes() {
  auto& notes = totals_.notes;
  const auto add = [&](std::int64_t count, std::string_view one, std::string_view many) {
    if (count > 0) notes.push_back(fmt::format("{} {}", count, count == 1 ? one : many));
  };
  if (input_.past)
    notes.emplace_back(
        "The settings of today apply: accounts, agreements, users and waivers. Not kept of the past: how far "
        "a feed was observed, the last full reading, when files were verified and the store was compared.");
  add(learned_later_, "license was taken by then and learned of later: it is shown as it was first read.",
      "licenses were taken by then and learned of later: they are shown as they were first read.");
  add(not_described_kinds_, "license is of a kind that providers do not describe to damsync, such as a video.",
      "licenses are of kinds that providers do not describe to damsync, such as videos.");
  for (const auto& [account, count] : followed_)
    notes.push_back(
        fmt::format("{}: {} assets without a license, because the account gives no license history: they "
                    "are in no row and no total, and only their withdrawals and changed restrictions are "
                    "findings.",
                    account, count));
  if (input_.only) return;
  for (auto& remark : coverage_remarks(reader_, input_, head_.coverage)) notes.push_back(std::move(remark));
  totals_.waivers = waivers_.waivers();
  for (const auto* a : agreements_.used()) totals_.terms.push_back(terms_of(*a));
  for (const auto* a : agreements_.unused())
    notes.push_back(
        fmt::format("The agreement for {}{} covers no license of this report.", match_text(*a), days_text(*a)));
}

}  // namespace damsync
