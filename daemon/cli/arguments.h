#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/log.h"

namespace CLI {
class App;
}

namespace damsync {

class Command;

/// The last line of every command's help.
inline constexpr const char* kWhereGlobals = "`damsync --help` shows the options that every command takes.";

/// Options that every command takes, before or after its name.
struct GlobalOptions {
  std::string config = "/etc/damsync/damsync.toml";
  bool json = false;
  bool quiet = false;
  int verbosity = 0;
  LogFormat log_format = LogFormat::kText;
  std::optional<LogLevel> log_level;

  /// `--log-level`, else what `-v` and `-q` ask for.
  [[nodiscard]] LogLevel level() const noexcept;
};

/// Where a command declares what it takes; the values are in place when `Command::run` is called.
/// Keeps the command line library out of the commands.
class Arguments {
 public:
  explicit Arguments(CLI::App& app) : app_(app) {}

  void flag(const std::string& names, bool& target, const std::string& help);
  /// A word is taken as it is written; an empty one is a usage error, here and in all that follow.
  void text(const std::string& names, std::string& target, const std::string& value, const std::string& help);
  void texts(const std::string& names, std::vector<std::string>& target, const std::string& value,
             const std::string& help);
  void number(const std::string& names, std::optional<std::int64_t>& target, const std::string& help);
  /// A word by its place, one of `words`.
  void word(const std::string& name, std::string& target, const std::vector<std::string>& words,
            const std::string& help);
  void positional(const std::string& name, std::string& target, const std::string& help);
  void positionals(const std::string& name, std::vector<std::string>& target, const std::string& help);
  void optional_positionals(const std::string& name, std::vector<std::string>& target, const std::string& help);
  /// The same, where the first is one of `words`; the command checks that itself.
  void optional_verb(const std::string& name, std::vector<std::string>& target, const std::vector<std::string>& words,
                     const std::string& help);
  void optional_positional(const std::string& name, std::string& target, const std::string& help);
  void footer(const std::string& text);

 private:
  CLI::App& app_;
};

/// Declares the options that every command takes, and each command with its own; the one that was named is put into
/// `chosen` when `app` parses. Reading, help, manual and completions are all made from this.
void declare_command_line(CLI::App& app, GlobalOptions& options, const std::vector<std::unique_ptr<Command>>& commands,
                          Command*& chosen);

/// What the command line asks for.
struct ParsedCommandLine {
  enum class Kind { kRun, kHelp, kVersion, kWrong };
  Kind kind = Kind::kWrong;
  Command* command = nullptr;  ///< with `kRun`
  GlobalOptions options;
  std::string text;                     ///< the help, or what is wrong
  std::string help = "damsync --help";  ///< the command that shows what would be right
};

/// Reads the command line; the values of the chosen command are set in it. Never throws, never prints.
ParsedCommandLine parse_command_line(int argc, const char* const* argv,
                                     const std::vector<std::unique_ptr<Command>>& commands);

}  // namespace damsync
