#include <fmt/format.h>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/status_report.h"
#include "daemon/version.h"
#include "storage/base/text.h"
#include "storage/base/units.h"

namespace damsync {
namespace {

std::string age_of(const StatusReport::Stream& stream) {
  return stream.lag ? format_duration(*stream.lag) + " ago" : "never";
}

std::string text_of(const Plan& plan) {
  std::string text = plan.description.empty() ? plan.plan_id : plan.description;
  if (plan.left) text += fmt::format(", {} of {} downloads left", *plan.left, plan.limit.value_or(*plan.left));
  if (plan.expires_at) text += ", ends " + format_rfc3339(*plan.expires_at);
  return text;
}

void print(Output& out, const StatusReport& report) {
  out.line(fmt::format("damsync {}: {}", kVersion, report.healthy() ? "healthy" : "NOT healthy"));
  for (const auto& problem : report.problems) out.line("  ! " + printable(problem));
  for (const auto& account : report.accounts) {
    const AccountCounts& c = account.counts;
    out.line(fmt::format("{} ({})", account.name, account.provider));
    for (const auto& stream : account.streams)
      out.line(printable(
          fmt::format("  {:<10}  last complete {}, backlog {}", stream.row.name, age_of(stream), stream.backlog)));
    out.line(fmt::format("  assets      {} active, {} withdrawn, {} not asked for yet", c.assets_active,
                         c.assets_withdrawn, c.assets_unknown));
    out.line(fmt::format("  licenses    {} held, {} vanished", c.licenses_held, c.licenses_vanished));
    out.line(
        fmt::format("  files       {} mirrored, {} open, {} blocked", c.files_mirrored, c.files_open, c.files_blocked));
    if (account.files_unpaid > 0)
      out.line(fmt::format("              {} blocked: {}", account.files_unpaid, kUnpaidHint));
    if (account.spends_open > 0)
      out.line(fmt::format("  spends      {} not settled yet, {} of them parked for a person", account.spends_open,
                           account.spends_parked));
    for (const auto& plan : account.plans) out.line("  plan        " + printable(text_of(plan)));
    if (c.quarantined > 0) out.line(fmt::format("  quarantined {}", c.quarantined));
  }
  out.line(fmt::format("store: {} files, {}, {} free, oldest check {}", report.store.files,
                       format_size(report.store.bytes), report.free_bytes ? format_size(*report.free_bytes) : "unknown",
                       report.store.oldest_verified_at ? format_rfc3339(*report.store.oldest_verified_at) : "never"));
}

class StatusCommand final : public Command {
 public:
  std::string_view name() const override { return "status"; }
  std::string_view summary() const override { return "Show how things stand"; }

  void declare(Arguments& arguments) override {
    arguments.flag("--check", check_, "let the exit code tell the health");
    arguments.footer(
        "With --check, exit code 3: an account had no success for three poll intervals (one minute at least), its last "
        "run ended with an error, wanted items have failed, or a spending call waits for a person.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const auto db = open_catalog(loaded->settings);
    if (!db) return db.error();
    const StatusReport report = read_status(loaded->settings, db->get(), context.clock.utc());
    if (context.options.json)
      context.out.json(json_of(report));
    else
      print(context.out, report);
    return check_ && !report.healthy() ? ExitCode::kFindings : ExitCode::kDone;
  }

 private:
  bool check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_status_command() { return std::make_unique<StatusCommand>(); }

}  // namespace damsync
