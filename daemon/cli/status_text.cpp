#include "daemon/cli/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "daemon/version.h"
#include "storage/base/text.h"
#include "storage/base/units.h"

namespace damsync {
namespace {

enum class Ink { kPlain, kBold, kGood, kBad, kFaint };

/// Puts lines together; what comes from outside is made printable before colours are added.
class Page {
 public:
  explicit Page(Colours colours) : colours_(colours) {}

  [[nodiscard]] std::string ink(std::string_view text, Ink ink) const {
    const std::string clean = printable(text);
    if (colours_ == Colours::kOff || ink == Ink::kPlain) return clean;
    const char* code = ink == Ink::kBold ? "1" : ink == Ink::kGood ? "1;32" : ink == Ink::kBad ? "1;31" : "2";
    return fmt::format("\x1b[{}m{}\x1b[0m", code, clean);
  }
  void line(const std::string& inked) { text_ += inked + "\n"; }
  /// `  licenses    300 held`
  void fact(std::string_view name, std::string_view text, Ink how = Ink::kPlain) {
    line("  " + ink(fmt::format("{:<13} ", name), Ink::kFaint) + ink(text, how));
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  Colours colours_;
  std::string text_;
};

/// What has several lines, such as mistakes of the settings, is told in as many.
void add_problem(Page& page, const std::string& problem) {
  std::string mark = page.ink("! ", Ink::kBad);
  for (const auto& line : split(problem, '\n')) {
    page.line("  " + mark + page.ink(line, Ink::kPlain));
    mark = "  ";
  }
}

/// `3 mirrored, 1 open`; what is zero is left out, but for the first.
std::string counts_text(std::initializer_list<std::pair<std::int64_t, const char*>> counts) {
  std::string text;
  for (const auto& [count, word] : counts)
    if (count != 0 || text.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  return text;
}

std::string plan_text(const Plan& plan) {
  std::string text = plan.description.empty() ? plan.plan_id : plan.description;
  if (plan.left) text += fmt::format(", {} of {} downloads left", *plan.left, plan.limit.value_or(*plan.left));
  if (plan.expires_at) text += ", ends " + format_rfc3339(*plan.expires_at);
  return text;
}

/// Up to when each stream was read to its end.
void add_streams(Page& page, const StatusReport::Account& account) {
  std::string text;
  for (const auto& stream : account.streams) {
    text += (text.empty() ? "" : ", ") + stream.row.name + " ";
    text += stream.lag ? format_duration(*stream.lag) + " ago" : "never";
    if (stream.backlog > 0) text += fmt::format(" ({} still to do)", stream.backlog);
  }
  const char* never = account.stale ? "never" : "not yet";
  page.fact("complete", text.empty() ? never : text, account.stale ? Ink::kBad : Ink::kPlain);
}

/// How the account does, in a few words; good ones where nothing is wrong.
std::string state_text(const StatusReport::Account& account, bool well) {
  if (account.stale) return "no recent success";
  if (!well) return "needs attention";
  const auto& streams = account.streams;
  const bool ended = std::all_of(streams.begin(), streams.end(), [](const auto& stream) { return stream.lag; });
  if (!account.known_since) return streams.empty() ? "not polled yet" : "in step";
  return streams.empty() || !ended ? "first poll under way" : "in step";
}

void add_account(Page& page, const StatusReport::Account& account) {
  const AccountCounts& c = account.counts;
  const bool well = !account.stale && account.last_error.empty() && account.failing == 0 && account.spends_parked == 0;
  page.line("");
  page.line(page.ink(account.name, Ink::kBold) + page.ink(" (" + account.provider + ")  ", Ink::kFaint) +
            page.ink(state_text(account, well), well ? Ink::kGood : Ink::kBad));
  add_streams(page, account);
  page.fact("assets", counts_text({{c.assets_active, "active"},
                                   {c.assets_withdrawn, "withdrawn"},
                                   {c.assets_unknown, "not asked for yet"}}));
  page.fact("licenses", counts_text({{c.licenses_held, "held"}, {c.licenses_vanished, "vanished"}}));
  page.fact("files",
            counts_text({{c.files_mirrored, "mirrored"}, {c.files_open, "open"}, {c.files_blocked, "blocked"}}));
  if (account.files_unpaid > 0) page.fact("", fmt::format("{} blocked: {}", account.files_unpaid, kUnpaidHint));
  if (account.spends_open > 0)
    page.fact("spends", fmt::format("{} not settled yet, {} of them parked for a person", account.spends_open,
                                    account.spends_parked));
  if (c.quarantined > 0) page.fact("quarantined", std::to_string(c.quarantined));
  for (const auto& plan : account.plans) page.fact("plan", plan_text(plan));
}

void add_store(Page& page, const StatusReport& report) {
  const auto& store = report.store;
  page.line("");
  page.line(page.ink("store", Ink::kBold));
  page.fact("files", fmt::format("{}, {}", store.files, format_size(store.bytes)));
  page.fact("free", report.free_bytes ? format_size(*report.free_bytes) : "unknown");
  page.fact("oldest check", store.oldest_verified_at ? format_rfc3339(*store.oldest_verified_at) : "never");
}

void add_receivers(Page& page, const StatusReport& report) {
  if (report.receivers.empty()) return;
  page.line("");
  page.line(page.ink("receivers", Ink::kBold));
  for (const auto& receiver : report.receivers) {
    std::string text = counts_text({{receiver.waiting, "waiting"}, {receiver.dead, "given up"}});
    if (receiver.disabled) text += ", disabled by the receiver";
    page.fact(receiver.name, text, receiver.dead > 0 || receiver.disabled ? Ink::kBad : Ink::kPlain);
  }
}

void add_daemon_block(Page& page, const StatusReport& report, UtcTime now) {
  page.line("");
  if (!report.daemon) {
    page.line(page.ink("daemon", Ink::kBold) + (report.daemon_silent ? page.ink("  does not answer", Ink::kBad)
                                                                     : page.ink("  not running", Ink::kFaint)));
    return;
  }
  const VitalsView& daemon = *report.daemon;
  page.line(page.ink("daemon", Ink::kBold) + page.ink(fmt::format("  {}, since {}",
                                                                  daemon.stopping ? "stopping"
                                                                  : daemon.ready  ? "running"
                                                                                  : "starting",
                                                                  format_rfc3339(daemon.started_at)),
                                                      Ink::kFaint));
  for (const auto& worker : daemon.workers) {
    if (worker.resting()) continue;
    page.fact(worker.name, worker.doing, worker.stuck() ? Ink::kBad : Ink::kPlain);
  }
  for (const auto& job : daemon.next)
    page.fact("next",
              fmt::format("{} {}", job.job, job.at > now ? "in " + format_duration(job.at - now) : std::string("now")));
}

void add_health(Page& page, const StatusReport& report) {
  page.line(page.ink(report.healthy() ? "HEALTHY" : "ATTENTION", report.healthy() ? Ink::kGood : Ink::kBad) +
            page.ink(fmt::format("  damsync {}", kVersion), Ink::kFaint));
  for (const auto& problem : report.problems) add_problem(page, problem);
}

}  // namespace

Colours colours_for(bool terminal) noexcept {
  const char* refused = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return terminal && !dumb && (refused == nullptr || *refused == '\0') ? Colours::kOn : Colours::kOff;
}

std::string daemon_text(const StatusReport& report, UtcTime now, Colours colours) {
  Page page(colours);
  add_health(page, report);
  add_daemon_block(page, report, now);
  return page.text();
}

std::string status_text(const StatusReport& report, UtcTime now, Colours colours) {
  Page page(colours);
  add_health(page, report);
  for (const auto& account : report.accounts) add_account(page, account);
  add_store(page, report);
  add_receivers(page, report);
  add_daemon_block(page, report, now);
  return page.text();
}

}  // namespace damsync
