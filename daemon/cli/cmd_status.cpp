#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/status_report.h"
#include "daemon/cli/status_text.h"
#include "daemon/service/control_client.h"

namespace damsync {
namespace {

/// What the daemon says of itself; nothing when none runs.
std::optional<VitalsView> ask(const Settings& settings, const std::stop_token& stop) {
  auto client = ControlClient::connect(settings.catalog.path);
  if (!client) return std::nullopt;
  const auto answer = client->ask(Json::object({{"do", "status"}}), {}, stop);
  const Json* told = answer ? answer->find("daemon") : nullptr;
  if (told == nullptr) return std::nullopt;
  return vitals_from_json(*told);
}

class StatusCommand final : public Command {
 public:
  std::string_view name() const override { return "status"; }
  std::string_view summary() const override { return "Show how things stand"; }

  void declare(Arguments& arguments) override {
    arguments.flag("--check", check_, "let the exit code tell the health");
    arguments.footer(
        "With --check, exit code 3: an account had no success for three poll intervals (one minute at least), its last "
        "run ended with an error, wanted items have failed, a spending call or a receiver waits for a person, or the "
        "running daemon hangs or was refused new settings.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const auto db = open_catalog(loaded->settings);
    if (!db) return db.error();
    StatusReport report = read_status(loaded->settings, db->get(), context.clock.utc());
    if (auto view = ask(loaded->settings, context.stop)) add_daemon(report, std::move(*view));
    if (context.options.json)
      context.out.json(json_of(report));
    else
      context.out.text(status_text(report, context.clock.utc(), colours_for(context.out.terminal())));
    return check_ && !report.healthy() ? ExitCode::kFindings : ExitCode::kDone;
  }

 private:
  bool check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_status_command() { return std::make_unique<StatusCommand>(); }

}  // namespace damsync
