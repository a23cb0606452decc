#pragma once

#include <string>
#include <vector>

#include "daemon/manual/command_table.h"

namespace damsync {

/// Completion of commands, options and their words, for one shell each.
std::string bash_completion(const std::vector<CommandRow>& table);
std::string zsh_completion(const std::vector<CommandRow>& table);
std::string fish_completion(const std::vector<CommandRow>& table);

}  // namespace damsync
