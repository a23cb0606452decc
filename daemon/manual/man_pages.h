#pragma once

#include <span>
#include <string>
#include <vector>

#include "daemon/config/key_table.h"
#include "daemon/manual/command_table.h"

namespace damsync {

/// The parts of damsync(1) that follow from the command line, in roff: one `.SS` a command.
std::string commands_as_roff(const std::vector<CommandRow>& table);
/// The options that every command takes.
std::string global_options_as_roff(const std::vector<CommandRow>& table);

/// The sections of damsync.toml(5): every key with type, default, range and meaning.
std::string settings_as_roff();

}  // namespace damsync
