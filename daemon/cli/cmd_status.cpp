#include <algorithm>
#include <optional>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/status_report.h"
#include "daemon/cli/status_text.h"
#include "daemon/config/settings_loader.h"
#include "daemon/service/control_client.h"

namespace damsync {
namespace {

constexpr Millis kPatience = std::chrono::seconds(5);

/// What the daemon says of itself. Errors: kNotFound when none runs.
Result<VitalsView> ask(const Settings& settings, const std::stop_token& stop) {
  auto client = ControlClient::connect(settings.catalog.path);
  if (!client) return client.error();
  client->set_patience(kPatience);
  const auto answer = client->ask(Json::object({{"do", "status"}}), {}, stop);
  if (!answer) return answer.error();
  const Json* told = answer->find("daemon");
  if (told == nullptr) return make_error(ErrorCode::kProtocol, "the daemon's answer says nothing of itself");
  return vitals_from_json(*told);
}

void add_daemon(StatusReport& report, Result<VitalsView> told) {
  if (told)
    add_daemon(report, std::move(*told));
  else if (told.error().code != ErrorCode::kNotFound)
    add_silent_daemon(report, told.error());
}

/// Where these settings keep the catalog, though they have mistakes; nothing: that cannot be told.
bool tells_catalog(const LoadedSettings& loaded) {
  return std::none_of(loaded.mistakes.begin(), loaded.mistakes.end(), [](const SettingsMistake& mistake) {
    return mistake.key.empty() || mistake.key == "catalog" || mistake.key == "catalog.path";
  });
}

/// The daemon that still runs with what the settings were; nothing: none does, or it cannot be found.
std::optional<StatusReport> with_earlier_settings(const LoadedSettings& loaded, const std::stop_token& stop) {
  if (!tells_catalog(loaded)) return std::nullopt;
  auto told = ask(loaded.settings, stop);
  if (!told && told.error().code == ErrorCode::kNotFound) return std::nullopt;
  StatusReport report;
  report.problems.emplace_back("the settings have mistakes; the daemon runs with its earlier ones");
  if (told)
    for (const auto& cycle : told->cycles) {
      report.accounts.emplace_back();
      report.accounts.back().name = cycle.account;
    }
  add_daemon(report, std::move(told));
  return report;
}

class StatusCommand final : public Command {
 public:
  std::string_view name() const override { return "status"; }
  std::string_view summary() const override { return "Show how things stand"; }

  void declare(Arguments& arguments) override {
    arguments.flag("--check", check_, "let the exit code tell the health");
    arguments.footer(
        "With --check, exit code 3: an account had no success for three poll intervals (one minute at least), its last "
        "run ended with an error, wanted items have failed, a spending call or a receiver waits for a person, a "
        "nightly job failed, the store is not mounted, or the running daemon hangs, does not answer within 5 s or was "
        "refused new settings.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    const LoadedSettings settings = load_settings(context.options.config);
    if (!settings.ok()) return refuse(context, settings);
    const auto db = open_catalog(settings.settings);
    if (!db) return db.error();
    auto told = ask(settings.settings, context.stop);
    const bool runs = told || told.error().code != ErrorCode::kNotFound;
    StatusReport report =
        read_status(settings.settings, db->get(), context.clock.utc(), runs ? Polling::kByDaemon : Polling::kByNobody);
    add_daemon(report, std::move(told));
    if (context.options.json)
      context.out.json(json_of(report));
    else
      context.out.text(status_text(report, context.clock.utc(), colours_for(context.out.terminal())));
    return check_ && !report.healthy() ? ExitCode::kFindings : ExitCode::kDone;
  }

 private:
  /// Nothing of the catalog is told, which wrong settings may not be about.
  static Error refuse(CommandContext& context, const LoadedSettings& settings) {
    if (const auto report = with_earlier_settings(settings, context.stop)) {
      if (context.options.json)
        context.out.json(daemon_json_of(*report));
      else
        context.out.text(daemon_text(*report, context.clock.utc(), colours_for(context.out.terminal())));
    }
    return settings.error();
  }

  bool check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_status_command() { return std::make_unique<StatusCommand>(); }

}  // namespace damsync
