#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/cli/command.h"

namespace damsync {

/// One option or word of a command, as the command line declares it.
struct OptionRow {
  std::vector<std::string> names;  ///< with their dashes, short ones first; empty: a word by its place
  std::string place;               ///< name of a word by its place
  std::string value;               ///< what stands for the value, e.g. `FILE`; empty: none
  std::vector<std::string> words;  ///< the accepted values; empty: any
  std::string help;
  std::string fallback;  ///< what holds without it, where that is not said in the help
  bool required = false;
  bool repeatable = false;
};

/// A command, or the options that all of them take (without a name).
struct CommandRow {
  std::string name;
  std::string summary;
  std::vector<OptionRow> options;
  std::string footer;  ///< lines behind the options, without the one about the options of all
};

/// What `--help` shows, as data: first what every command takes, then each command in the order of the help.
std::vector<CommandRow> command_table(const std::vector<std::unique_ptr<Command>>& commands);

}  // namespace damsync
