#include "daemon/manual/command_table.h"

#include <CLI/CLI.hpp>

#include "daemon/cli/arguments.h"

namespace damsync {
namespace {

/// `WORD:{login,check}` in its two parts; the library keeps the words of a check in the name of the type.
void split_type(const std::string& type, OptionRow& row) {
  const auto colon = type.find(":{");
  row.value = type.substr(0, std::min(colon, type.find(':')));
  if (colon == std::string::npos) return;
  const std::string list = type.substr(colon + 2, type.find('}', colon) - colon - 2);
  for (std::size_t begin = 0; begin <= list.size();) {
    const auto comma = std::min(list.find(',', begin), list.size());
    row.words.push_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
}

OptionRow row_of(const CLI::Option& option) {
  OptionRow row;
  for (const auto& name : option.get_snames()) row.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) row.names.push_back("--" + name);
  if (option.get_positional()) row.place = option.get_name(true);
  if (option.get_items_expected_max() > 0) split_type(option.get_type_name(), row);
  row.help = option.get_description();
  row.fallback = option.get_default_str();
  row.required = option.get_required();
  row.repeatable =
      option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll || option.get_items_expected_max() > 1;
  return row;
}

/// In a manual the options of all commands have a place of their own.
std::string own_footer(std::string footer) {
  const std::size_t at = footer.rfind(kWhereGlobals);
  if (at != std::string::npos) footer.erase(at);
  while (footer.ends_with('\n')) footer.pop_back();
  return footer;
}

CommandRow row_of(const CLI::App& app) {
  CommandRow row{app.get_name(), app.get_description(), {}, own_footer(app.get_footer())};
  for (const CLI::Option* option : app.get_options()) row.options.push_back(row_of(*option));
  return row;
}

}  // namespace

std::vector<CommandRow> command_table(const std::vector<std::unique_ptr<Command>>& commands) {
  CLI::App app;
  GlobalOptions options;
  Command* chosen = nullptr;
  declare_command_line(app, options, commands, chosen);
  std::vector<CommandRow> rows = {row_of(app)};
  rows.front().name.clear();
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    rows.push_back(row_of(*command));
  return rows;
}

}  // namespace damsync
