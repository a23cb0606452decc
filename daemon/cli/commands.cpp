#include "daemon/cli/command.h"

namespace damsync {

std::vector<std::unique_ptr<Command>> make_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_run_command());
  commands.push_back(make_sync_command());
  commands.push_back(make_status_command());
  commands.push_back(make_list_command());
  commands.push_back(make_show_command());
  commands.push_back(make_verify_command());
  commands.push_back(make_adopt_command());
  commands.push_back(make_audit_command());
  commands.push_back(make_proof_command());
  commands.push_back(make_deliveries_command());
  commands.push_back(make_spend_command());
  commands.push_back(make_changes_command());
  commands.push_back(make_auth_command());
  commands.push_back(make_config_command());
  commands.push_back(make_db_command());
  return commands;
}

}  // namespace damsync
