#include "daemon/cli/command.h"
#include "daemon/service/run_loop.h"

namespace damsync {
namespace {

class RunCommand final : public Command {
 public:
  std::string_view name() const override { return "run"; }
  std::string_view summary() const override { return "Be the daemon: keep everything in step until told to stop"; }
  Hangup hangup() const override { return Hangup::kKept; }
  bool logs_its_end() const override { return true; }

  void declare(Arguments& arguments) override {
    arguments.footer(
        "Stays in the foreground. SIGTERM and SIGINT end it within 20 s, a second one at once; SIGHUP reads the "
        "settings "
        "again. Exit code 0 after a signal, 75 when another damsync works on the catalog.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    const auto& options = context.options;
    // Nobody waits for a result here: the log is what there is to see.
    if (!options.log_level && !options.quiet && options.verbosity == 0) context.log.set_level(LogLevel::kInfo);
    auto settings = InForce::load(options.config);
    if (!settings) return settings.error();
    RunLoop loop(*settings, {context.clock, context.log, context.signals, SystemdNotify::from_environment()});
    if (auto done = loop.run(context.stop); !done) return done.error();
    return ExitCode::kDone;
  }
};

}  // namespace

std::unique_ptr<Command> make_run_command() { return std::make_unique<RunCommand>(); }

}  // namespace damsync
