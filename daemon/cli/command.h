#pragma once

#include <memory>
#include <stop_token>
#include <string_view>
#include <vector>

#include "daemon/cli/arguments.h"
#include "daemon/cli/exit_code.h"
#include "daemon/cli/output.h"
#include "daemon/stop_signals.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"

namespace damsync {

/// What a command works with.
struct CommandContext {
  const GlobalOptions& options;
  Output& out;  ///< standard output: results
  Log& log;     ///< standard error
  Clock& clock;
  std::stop_token stop;
  StopSignals& signals;
};

/// One subcommand of the program.
class Command {
 public:
  virtual ~Command() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::string_view summary() const = 0;
  /// What SIGHUP does while it runs.
  [[nodiscard]] virtual Hangup hangup() const { return Hangup::kEnds; }
  /// What ends it is a log event, not a sentence for a person.
  [[nodiscard]] virtual bool logs_its_end() const { return false; }
  virtual void declare(Arguments& arguments) = 0;
  /// Errors: what ends the command; the caller prints it and leaves with `exit_code_for`.
  virtual Result<ExitCode> run(CommandContext& context) = 0;
};

std::unique_ptr<Command> make_run_command();
std::unique_ptr<Command> make_sync_command();
std::unique_ptr<Command> make_status_command();
std::unique_ptr<Command> make_list_command();
std::unique_ptr<Command> make_show_command();
std::unique_ptr<Command> make_verify_command();
std::unique_ptr<Command> make_adopt_command();
std::unique_ptr<Command> make_audit_command();
std::unique_ptr<Command> make_proof_command();
std::unique_ptr<Command> make_deliveries_command();
std::unique_ptr<Command> make_spend_command();
std::unique_ptr<Command> make_changes_command();
std::unique_ptr<Command> make_auth_command();
std::unique_ptr<Command> make_config_command();
std::unique_ptr<Command> make_db_command();

/// Every command there is, in the order of the help.
std::vector<std::unique_ptr<Command>> make_commands();

}  // namespace damsync
