#include "sync/report/report_coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace damsync {
namespace {

/// A whole reading is due every week; two more days are for what passes.
constexpr std::chrono::hours kFullReadingLate{24 * 9};

/// Plans are read every day; a week is for what passes.
constexpr std::chrono::hours kPlansLate{24 * 7};

bool is_fresh(const AuditRules& rules, const ReportCoverage& c) {
  return c.last_ok_at && rules.judged_at - *c.last_ok_at <= rules.stale_after;
}

bool saw_too_few(const ReportCoverage& c) { return c.rows_seen.value_or(0) < c.rows_expected.value_or(0); }

/// Spans of the stream and what lies between them. How far the newest span reached at a past moment is not kept, so
/// that one is left out there.
void put_spans(const std::vector<CoverageRow>& rows, const AuditInput& input, ReportCoverage& c) {
  for (const auto& row : rows) {
    if (row.account != c.account || row.stream != c.stream) continue;
    if (!c.observed.empty()) c.gaps.push_back({c.observed.back().to, row.from});
    c.observed.push_back({row.from, row.to});
  }
  if (input.past && !c.observed.empty()) c.observed.pop_back();
}

/// The last gap is asked about first: what made it good made good those before.
void find_made_good(const AuditReader& reader, ReportCoverage& c) {
  for (std::size_t count = c.gaps.size(); count > 0; --count) {
    if (!reader.rechecked_since(c.account, c.gaps[count - 1].to)) continue;
    c.gaps_made_good.assign(c.gaps.begin(), c.gaps.begin() + static_cast<std::ptrdiff_t>(count));
    return;
  }
}

std::string first_keys(const AuditShortfall& missing) {
  const auto more = missing.count - static_cast<std::int64_t>(missing.keys.size());
  return fmt::format("{}{}", fmt::join(missing.keys, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// What cannot be judged because the account's plans were not read lately; empty: they were.
std::string late_plans(const AuditReader& reader, const AuditInput& input, const std::string& account) {
  const auto read_at = reader.plans_read_at(account);
  if (!read_at) return "its plans were never read: QUOTA_LOW and PLAN_ENDING are not judged";
  if (input.rules.judged_at - *read_at <= kPlansLate) return {};
  return fmt::format("its plans were last read at {}: QUOTA_LOW and PLAN_ENDING are judged by what they were then",
                     format_rfc3339(*read_at));
}

/// Collects the reasons.
class Judge {
 public:
  Judge(const AuditReader& reader, const AuditInput& input, const std::vector<ReportCoverage>& coverage)
      : reader_(reader), input_(input), coverage_(coverage) {}

  std::vector<std::string> reasons() {
    for (const auto& account : input_.accounts) judge_account(account);
    for (const auto& [account, error] : reader_.failed_runs())
      if (is_listed(account)) add(account, "the last run until then failed: " + error);
    for (const auto& [account, provider] : reader_.accounts())
      if (!is_listed(account) && reader_.has_licenses(account))
        add(account, "not in the settings, so nobody asks the provider; its licenses are as they were last read");
    judge_held();
    judge_missing();
    return std::move(reasons_);
  }

 private:
  void add(const std::string& where, const std::string& what) { reasons_.push_back(where + ": " + what); }

  [[nodiscard]] bool is_listed(const std::string& account) const {
    return std::find(input_.accounts.begin(), input_.accounts.end(), account) != input_.accounts.end();
  }

  void judge_account(const std::string& account) {
    bool known = false, read_whole = false;
    for (const auto& c : coverage_) {
      if (c.account != account) continue;
      known = true;
      read_whole = read_whole || c.last_full_at || (input_.past && c.last_ok_at);
      judge_stream(c);
    }
    if (!known)
      add(account, "never read");
    else if (!read_whole && reader_.has_licenses(account))
      add(account, "its whole history was never read to an end that adds up");
  }

  void judge_stream(const ReportCoverage& c) {
    const std::string where = c.account + ", " + c.stream;
    if (!c.error.empty()) add(where, "the last poll failed: " + c.error);
    if (const auto open = open_gaps(c).size(); open > 0)
      add(where, open == 1 ? std::string("a span of time was not observed")
                           : fmt::format("{} spans of time were not observed", open));
    if (!c.last_ok_at)
      add(where, "never read to its end");
    else if (!is_fresh(input_.rules, c))
      add(where, "last read to its end at " + format_rfc3339(*c.last_ok_at));
    if (c.last_full_at && input_.rules.judged_at - *c.last_full_at > kFullReadingLate)
      add(where, "its whole history was last read at " + format_rfc3339(*c.last_full_at) +
                     ", and every week it should be: later readings did not come to an end that adds up");
    if (saw_too_few(c))
      add(where, fmt::format("the last complete reading saw {} of {} licenses", *c.rows_seen, *c.rows_expected));
  }

  /// What the brake holds is in no row, so no finding tells of it.
  void judge_held() {
    for (const auto& held : reader_.held_losses()) {
      std::vector<std::string> what;
      if (held.withdrawals > 0) what.push_back(counted(held.withdrawals, "withdrawal", "withdrawals"));
      if (held.vanished_licenses > 0)
        what.push_back(counted(held.vanished_licenses, "vanished license", "vanished licenses"));
      const bool one = held.withdrawals + held.vanished_licenses == 1;
      add(held.account,
          fmt::format("{} {} for a person and {} in no row and no finding yet (limits.deletion_brake): look at the "
                      "provider's account; if it is right, run `damsync sync --accept-withdrawals {}`",
                      fmt::join(what, " and "), one ? "waits" : "wait", one ? "is" : "are", held.account));
    }
  }

  void judge_missing() {
    const auto tell = [this](const std::vector<AuditShortfall>& all, std::string_view one, std::string_view many) {
      for (const auto& missing : all)
        add(missing.account,
            fmt::format("{} {}: {}{}", missing.count, missing.count == 1 ? one : many, first_keys(missing),
                        missing.reason.empty() ? "" : fmt::format(" ({})", missing.reason)));
    };
    tell(reader_.rejected(), "item of the provider could not be read and is set aside",
         "items of the provider could not be read and are set aside");
    tell(reader_.waiting(), "asset waits to be described by the provider",
         "assets wait to be described by the provider");
    tell(reader_.undescribed(), "licensed asset is not described", "licensed assets are not described");
  }

  const AuditReader& reader_;
  const AuditInput& input_;
  const std::vector<ReportCoverage>& coverage_;
  std::vector<std::string> reasons_;
};

}  // namespace

std::vector<ReportCoverage> describe_coverage(const AuditReader& reader, const AuditInput& input) {
  std::vector<ReportCoverage> out;
  std::map<std::string, std::string> providers;
  for (const auto& [account, provider] : reader.accounts()) providers[account] = provider;
  const auto spans = reader.coverage();
  for (const auto& stream : reader.streams()) {
    if (!providers.contains(stream.account)) continue;
    auto& c = out.emplace_back();
    c.account = stream.account;
    c.provider = providers[stream.account];
    c.stream = stream.name;
    c.account_since = reader.account_since(stream.account);
    c.last_ok_at = stream.last_ok_at;
    c.last_full_at = stream.last_full_at;
    c.error = stream.last_error;
    if (stream.last_full_at) {
      if (const auto reading = reader.history_reading(stream.account, *stream.last_full_at)) {
        c.rows_seen = reading->seen;
        c.rows_expected = reading->expected;
      }
    }
    put_spans(spans, input, c);
    if (input.asset_feeds.contains({c.account, c.stream})) find_made_good(reader, c);
    c.complete = c.error.empty() && open_gaps(c).empty() && is_fresh(input.rules, c) && !saw_too_few(c);
  }
  return out;
}

std::vector<std::string> incomplete_reasons(const AuditReader& reader, const AuditInput& input,
                                            const std::vector<ReportCoverage>& coverage) {
  auto reasons = Judge(reader, input, coverage).reasons();
  reasons.insert(reasons.end(), input.remarks.begin(), input.remarks.end());
  return reasons;
}

std::vector<std::string> coverage_remarks(const AuditReader& reader, const AuditInput& input,
                                          const std::vector<ReportCoverage>& coverage) {
  std::vector<std::string> out;
  for (const auto& c : coverage)
    if (const auto count = static_cast<std::int64_t>(c.gaps_made_good.size()); count > 0)
      out.push_back(
          fmt::format("{}, {}: {} not observed, and every asset of the account was looked at since, so that "
                      "no change is missing.",
                      c.account, c.stream, counted(count, "span of time was", "spans of time were")));
  for (const auto& [account, provider] : reader.accounts()) {
    if (std::find(input.accounts.begin(), input.accounts.end(), account) == input.accounts.end()) continue;
    const bool refused = reader.plans_refused(account);
    if (const auto late = late_plans(reader, input, account); !late.empty())
      out.push_back(fmt::format("{}: {}{}.", account, late,
                                refused ? fmt::format("; the provider does not let the account read them, "
                                                      "`damsync auth check {}` tells what is missing",
                                                      account)
                                        : ""));
  }
  return out;
}

}  // namespace damsync
