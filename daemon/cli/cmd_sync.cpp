#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/daemon_call.h"
#include "daemon/cli/json_fields.h"
#include "daemon/cli/progress_line.h"
#include "daemon/cli/status_report.h"
#include "daemon/cli/sync_report.h"
#include "daemon/composition.h"
#include "daemon/deliveries.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

/// What receivers that hang may cost a sync at its end; the rest waits for the next.
constexpr Millis kDeliveryLimit{60'000};

Json json_of(const PlannedAction& action) {
  return Json::object({{"account", action.account},
                       {"action", action.action},
                       {"asset_id", json_text(action.asset_id)},
                       {"license_id", json_text(action.license_id)},
                       {"detail", json_text(action.detail)}});
}

class SyncCommand final : public Command {
 public:
  std::string_view name() const override { return "sync"; }
  std::string_view summary() const override { return "Run one cycle now"; }

  void declare(Arguments& arguments) override {
    arguments.texts("--account", options_.accounts, "NAME", "only this account; may be repeated");
    arguments.flag("--dry-run", options_.dry_run, "print the plan; spend nothing, write nothing");
    arguments.flag("--full", options_.full, "read the whole history again and check every asset");
    arguments.texts("--accept-withdrawals", options_.accept_withdrawals, "ACCOUNT",
                    "let more withdrawals pass this once than limits.deletion_brake allows");
  }

  Result<ExitCode> run(CommandContext& context) override {
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    for (const auto* names : {&options_.accounts, &options_.accept_withdrawals})
      for (const auto& account : *names)
        if (auto known = check_account(loaded->settings, account); !known) return known.error();

    if (!options_.dry_run)
      if (const auto answer = ask_daemon(context, loaded->settings, request(), WhenInStep::kTellUnlessQuiet)) {
        if (*answer && !context.options.json && !is_silent(context, **answer))
          print_hints(context.out, loaded->settings);
        return *answer;
      }
    std::vector<PlannedAction> plan;
    const auto run = cycle(context, loaded->settings, plan);
    if (!run) return run.error();
    const ExitCode code = exit_code_of(*run);
    if (context.options.json) {
      print_json(context.out, *run, plan);
    } else if (options_.dry_run || !is_silent(context, code)) {
      print_text(context.out, *run, plan);
      for (const auto& receiver : told_) context.out.line(text_of(receiver));
      print_hints(context.out, loaded->settings);
    }
    return code;
  }

 private:
  /// `-q`: nothing is said of what is in step.
  static bool is_silent(const CommandContext& context, ExitCode code) {
    return context.options.quiet && code == ExitCode::kDone;
  }

  Result<RunSummary> cycle(CommandContext& context, const Settings& settings, std::vector<PlannedAction>& plan) {
    const auto workspace = options_.dry_run ? copy_workspace(settings, context.clock)
                                            : open_workspace(settings, context.clock, context.log);
    if (!workspace) return workspace.error();
    auto run = sync(context, settings, **workspace, plan);
    // No daemon works here, or the workspace would be its own: who is to be told is told now.
    if (run && !options_.dry_run && !receiver_names(settings).empty())
      told_ =
          deliver_now(settings, *(*workspace)->db, context.clock, context.log, kDeliveryLimit, context.stop).receivers;
    return run;
  }

  Result<RunSummary> sync(CommandContext& context, const Settings& settings, Workspace& workspace,
                          std::vector<PlannedAction>& plan) {
    Composition composition(settings, workspace, context.clock, context.log);
    ProgressLine line(STDERR_FILENO, context.log, !context.options.quiet);
    const PlanSink sink = [&plan](const PlannedAction& action) { plan.push_back(action); };
    return composition.sync(options_, {line.sink(), options_.dry_run ? sink : PlanSink(), context.stop});
  }

  void print_json(Output& out, const RunSummary& run, const std::vector<PlannedAction>& plan) const {
    Json answer = damsync::json_of(run);
    if (!told_.empty()) {
      Json deliveries = Json::array();
      for (const auto& receiver : told_) deliveries.push(damsync::json_of(receiver));
      answer.set("deliveries", std::move(deliveries));
    }
    if (run.dry_run) {
      Json actions = Json::array();
      for (const auto& action : plan) actions.push(json_of(action));
      answer.set("plan", std::move(actions));
    }
    out.json(answer);
  }

  static void print_text(Output& out, const RunSummary& run, const std::vector<PlannedAction>& plan) {
    if (run.dry_run && plan.empty()) out.line("Nothing to do.");
    if (!plan.empty()) {
      Table table(out, {"ACTION", "ACCOUNT", "ASSET", "LICENSE", "DETAIL"});
      for (const auto& p : plan) table.add({p.action, p.account, p.asset_id, p.license_id, p.detail});
    }
    out.text(text_of(run));
  }

  void print_hints(Output& out, const Settings& settings) const {
    const auto db = open_catalog(settings);
    if (!db || *db == nullptr) return;
    for (const auto& account : settings.accounts) {
      const std::string& name = account.provider.account;
      const auto& wanted = options_.accounts;
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
      if (const auto files = count_unpaid(Catalog(**db), name); files > 0)
        out.line(fmt::format("{}: {} files blocked, {}", name, files, kUnpaidHint));
    }
  }

  [[nodiscard]] Json request() const {
    return Json::object({{"do", "sync"},
                         {"accounts", json_texts(options_.accounts)},
                         {"accept_withdrawals", json_texts(options_.accept_withdrawals)},
                         {"full", options_.full}});
  }

  SyncOptions options_;
  std::vector<DeliverySummary> told_;
};

}  // namespace

std::unique_ptr<Command> make_sync_command() { return std::make_unique<SyncCommand>(); }

}  // namespace damsync
