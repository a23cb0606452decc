#include "daemon/manual/completions.h"

#include <fmt/format.h>

#include <algorithm>

namespace damsync {
namespace {

constexpr const char* kHeader = "# Made from the options of the program; see damsync(1).\n";

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : std::string(between)) + word;
  return out;
}

bool is_file(const OptionRow& option) {
  const std::string& value = option.names.empty() ? option.place : option.value;
  return value == "FILE" || value == "DIR" || value == "PATH";
}

bool takes_value(const OptionRow& option) { return !option.value.empty(); }

std::vector<std::string> names_of(const CommandRow& command) {
  std::vector<std::string> out;
  for (const auto& option : command.options) out.insert(out.end(), option.names.begin(), option.names.end());
  return out;
}

std::vector<std::string> command_names(const std::vector<CommandRow>& table) {
  std::vector<std::string> out;
  for (const auto& command : table)
    if (!command.name.empty()) out.push_back(command.name);
  return out;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// For text between single quotes, in shells where `'\''` is a quote.
std::string quoted(const std::string& text) { return "'" + replace_all(text, "'", "'\\''") + "'"; }

/// The values of the options of one row, as branches of a `case` over the word before the cursor.
std::string bash_values(const CommandRow& command) {
  std::string out;
  for (const auto& option : command.options) {
    if (option.names.empty() || !takes_value(option)) continue;
    const std::string reply = !option.words.empty() ? fmt::format("_damsync_words '{}'", joined(option.words))
                              : is_file(option)     ? "_damsync_files"
                                                    : "COMPREPLY=()";
    out += fmt::format("    {}) {}; return ;;\n", joined(option.names, "|"), reply);
  }
  return out;
}

/// What may stand where no option is: words of the first such place, or files.
std::string bash_places(const CommandRow& command) {
  std::vector<std::string> words;
  bool files = false;
  for (const auto& option : command.options) {
    if (!option.names.empty()) continue;
    words.insert(words.end(), option.words.begin(), option.words.end());
    files = files || is_file(option);
  }
  std::string out = words.empty() ? "" : fmt::format("_damsync_words '{}'; ", joined(words));
  return files ? out + "_damsync_files" : out.empty() ? ":" : out.substr(0, out.size() - 2);
}

std::string zsh_option(const OptionRow& option) {
  // [ ] and : have a meaning inside the specification.
  const std::string help = replace_all(replace_all(replace_all(option.help, "[", "\\["), "]", "\\]"), ":", "\\:");
  const std::string action = !option.words.empty() ? fmt::format("({})", joined(option.words))
                             : is_file(option)     ? "_files"
                                                   : " ";
  if (option.names.empty())
    return quoted(fmt::format("{}:{}:{}",
                              option.repeatable ? "*"
                              : option.required ? ""
                                                : ":",
                              option.place, action)) +
           " ";
  std::string out;
  for (const auto& name : option.names) {
    const std::string value = takes_value(option) ? fmt::format(":{}:{}", option.value, action) : "";
    const std::string alone = option.repeatable ? "*" : fmt::format("({})", joined(option.names));
    out += quoted(fmt::format("{}{}[{}]{}", alone, name, help, value)) + " ";
  }
  return out;
}

std::string fish_option(const std::string& condition, const OptionRow& option) {
  std::string out = fmt::format("complete -c damsync -n {}", quoted(condition));
  for (const auto& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (option.names.empty() && option.words.empty()) return is_file(option) ? out + " -F\n" : std::string();
  if (option.names.empty()) return out + fmt::format(" -f -a {}\n", quoted(joined(option.words)));
  if (takes_value(option)) out += is_file(option) ? " -r -F" : " -x";
  if (!option.words.empty()) out += " -a " + quoted(joined(option.words));
  return out + " -d " + quoted(option.help) + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<CommandRow>& table) {
  std::string out = kHeader;
  out += R"(_damsync_words() { COMPREPLY+=($(compgen -W "$1" -- "$cur")); }
_damsync_files() {
  local names
  compopt -o filenames 2>/dev/null
  mapfile -t names < <(compgen -f -- "$cur")
  COMPREPLY+=("${names[@]}")
}
_damsync() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' word skip=''
  local IFS=$' \t\n'
  COMPREPLY=()
  # The shell takes --option=value for three words.
  if [ "$cur" = = ]; then cur=''; elif [ "$prev" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ "$word" = = ]; then skip=1; continue; fi
    if [ -n "$skip" ]; then skip=''; continue; fi
    case $word in
)";
  for (const auto& option : table.front().options)
    if (takes_value(option)) out += fmt::format("      {}) skip=1 ;;\n", joined(option.names, "|"));
  out += R"(      -*) ;;
      *) command=$word; break ;;
    esac
  done
  case $prev in
)";
  out += bash_values(table.front());
  out += "  esac\n  local options=" + quoted(joined(names_of(table.front()))) + "\n  case $command in\n";
  for (const auto& command : table) {
    if (command.name.empty()) continue;
    out += fmt::format("  {})\n    case $prev in\n{}    esac\n", command.name, bash_values(command));
    out += fmt::format("    case $cur in -*) _damsync_words \"$options {}\" ;; *) {} ;; esac ;;\n",
                       joined(names_of(command)), bash_places(command));
  }
  out += fmt::format("  '') case $cur in -*) _damsync_words \"$options\" ;; *) _damsync_words '{}' ;; esac ;;\n",
                     joined(command_names(table)));
  return out + "  esac\n}\ncomplete -F _damsync damsync\n";
}

std::string zsh_completion(const std::vector<CommandRow>& table) {
  std::string out =
      "#compdef damsync\n" + std::string(kHeader) + "_damsync() {\n  local -a commands globals\n  commands=(\n";
  for (const auto& command : table)
    if (!command.name.empty()) out += "    " + quoted(command.name + ":" + command.summary) + "\n";
  out += "  )\n  globals=(\n";
  for (const auto& option : table.front().options) out += "    " + zsh_option(option) + "\n";
  out += R"(  )
  local context state state_descr line
  typeset -A opt_args
  _arguments -C $globals '1: :->command' '*:: :->arguments'
  case $state in
  command) _describe command commands ;;
  arguments)
    case $words[1] in
)";
  for (const auto& command : table) {
    if (command.name.empty()) continue;
    out += fmt::format("    {}) _arguments $globals", command.name);
    for (const auto& option : command.options) out += " \\\n      " + zsh_option(option);
    out += ";;\n";
  }
  return out + "    esac ;;\n  esac\n}\n_damsync \"$@\"\n";
}

std::string fish_completion(const std::vector<CommandRow>& table) {
  const std::string commands = joined(command_names(table));
  const std::string no_command = "not __fish_seen_subcommand_from " + commands;
  std::string out = kHeader;
  out += "complete -c damsync -f\n";
  for (const auto& command : table) {
    if (command.name.empty()) continue;
    out += fmt::format("complete -c damsync -n {} -f -a {} -d {}\n", quoted(no_command), command.name,
                       quoted(command.summary));
  }
  for (const auto& option : table.front().options) out += fish_option("true", option);
  for (const auto& command : table) {
    if (command.name.empty()) continue;
    for (const auto& option : command.options)
      if (std::find(option.names.begin(), option.names.end(), "--help") == option.names.end())
        out += fish_option("__fish_seen_subcommand_from " + command.name, option);
  }
  return out;
}

}  // namespace damsync
