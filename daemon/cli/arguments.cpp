#include "daemon/cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>

#include "daemon/cli/command.h"
#include "daemon/config/setting_value.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr std::size_t kMaxArgument = 32 * 1024;

std::string check_bytes(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.size() > kMaxArgument) return fmt::format("argument {} is too long", i);
    if (!is_utf8(argument)) return fmt::format("argument {} is not UTF-8", i);
    if (has_control(argument)) return fmt::format("argument {} holds control characters", i);
  }
  return {};
}

/// A message of the library: names what was typed, so it is cut and made printable.
std::string shown(const std::string& what) {
  constexpr std::size_t kMost = 300;
  return printable(what.size() > kMost ? what.substr(0, kMost) + "..." : what);
}

/// The first word that is neither an option nor an option's value; empty: there is none, or an option that is none of
/// ours comes before it.
std::string_view first_word(int argc, const char* const* argv) {
  constexpr std::array<std::string_view, 4> kWithValue = {"-c", "--config", "--log-format", "--log-level"};
  constexpr std::array<std::string_view, 3> kFlags = {"--json", "-v", "-q"};
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (std::find(kWithValue.begin(), kWithValue.end(), argument) != kWithValue.end())
      ++i;
    else if (!argument.starts_with('-'))
      return argument;
    else if (std::find(kFlags.begin(), kFlags.end(), argument) == kFlags.end())
      return {};
  }
  return {};
}

/// The library tells an unknown command only from a missing one; this says which one was meant.
std::string check_command(std::string_view word, const std::vector<std::unique_ptr<Command>>& commands) {
  if (word.empty()) return {};
  std::vector<std::string_view> names;
  for (const auto& command : commands) {
    if (command->name() == word) return {};
    names.push_back(command->name());
  }
  const auto meant = nearest(word, names);
  const std::string hint = meant.empty() ? "`damsync --help` lists them" : fmt::format("nearest: {}", meant);
  return fmt::format("there is no command '{}'; {}", shown(std::string(word)), hint);
}

/// `expected one of login, check` where the word of that list is missing, else what the library says.
std::string missing_word(const CLI::App& command, const std::string& what) {
  for (const CLI::Option* option : command.get_options()) {
    const std::string type = option->get_type_name();  // with the words: WORD:{login,check}
    const auto open = type.find('{'), close = type.rfind('}');
    if (!option->get_positional() || !option->get_required() || option->count() > 0) continue;
    if (open == std::string::npos || close == std::string::npos) continue;
    std::string words = type.substr(open + 1, close - open - 1);
    for (auto at = words.find(','); at != std::string::npos; at = words.find(',', at + 2)) words.insert(at + 1, " ");
    return "expected one of " + words;
  }
  return shown(what);
}

/// What is missing, and where to read on.
std::string missing(const CLI::App& app, const std::string& what) {
  const auto given = app.get_subcommands();
  if (!given.empty())
    return fmt::format("{0}: {1}; `damsync {0} --help` shows how", given.front()->get_name(),
                       missing_word(*given.front(), what));
  std::string names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names += (names.empty() ? "" : ", ") + command->get_name();
  return fmt::format("no command is given; there is {}", names);
}

/// What was not expected, without the values that stand with it: somebody may have tried to give a secret.
std::string unexpected(const CLI::App& app) {
  std::string options, words;
  for (const std::string& word : app.remaining(true)) {
    std::string& list = word.starts_with('-') ? options : words;
    list += " " + word.substr(0, word.find('='));
  }
  return "not expected:" + shown(options.empty() ? words : options);
}

std::string check_number(const std::string& text) {
  constexpr std::size_t kMostDigits = 18;
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && !text.empty() && text.size() <= kMostDigits) return {};
  return fmt::format("expected a whole number, not '{}'", shown(text));
}

void declare_globals(CLI::App& app, GlobalOptions& options) {
  app.add_option("-c,--config", options.config, "settings file")->type_name("FILE")->capture_default_str();
  app.add_flag("--json", options.json, "print results as JSON, lists as one object a line");
  app.add_flag("-v", options.verbosity, "say more");
  app.add_flag("-q", options.quiet, "say nothing but errors");
  app.add_option_function<std::string>(
         "--log-format",
         [&options](const std::string& word) {
           options.log_format = word == "json" ? LogFormat::kJson : LogFormat::kText;
         },
         "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  app.add_option_function<std::string>(
         "--log-level",
         [&options](const std::string& word) {
           const std::vector<std::string> words = {"debug", "info", "warning", "error"};
           options.log_level = static_cast<LogLevel>(std::find(words.begin(), words.end(), word) - words.begin());
         },
         "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->type_name("LEVEL");
}

}  // namespace

LogLevel GlobalOptions::level() const noexcept {
  if (log_level) return *log_level;
  if (quiet) return LogLevel::kError;
  // A person reads the result of a command; its log is for what went wrong.
  return verbosity > 0 ? LogLevel::kDebug : LogLevel::kWarning;
}

void Arguments::flag(const std::string& names, bool& target, const std::string& help) {
  app_.add_flag(names, target, help);
}

void Arguments::text(const std::string& names, std::string& target, const std::string& value, const std::string& help) {
  app_.add_option(names, target, help)->type_name(value);
}

void Arguments::texts(const std::string& names, std::vector<std::string>& target, const std::string& value,
                      const std::string& help) {
  app_.add_option(names, target, help)
      ->type_name(value)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Arguments::number(const std::string& names, std::optional<std::int64_t>& target, const std::string& help) {
  app_.add_option(names, target, help)->type_name("N")->check(check_number);
}

void Arguments::word(const std::string& name, std::string& target, const std::vector<std::string>& words,
                     const std::string& help) {
  app_.add_option(name, target, help)->required()->type_name("WORD")->check(CLI::IsMember(words));
}

void Arguments::positional(const std::string& name, std::string& target, const std::string& help) {
  app_.add_option(name, target, help)->required()->type_name("");
}

void Arguments::positionals(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  app_.add_option(name, target, help)->required()->type_name("")->expected(1, -1);
}

void Arguments::optional_positionals(const std::string& name, std::vector<std::string>& target,
                                     const std::string& help) {
  app_.add_option(name, target, help)->type_name("")->expected(0, -1);
}

void Arguments::optional_verb(const std::string& name, std::vector<std::string>& target,
                              const std::vector<std::string>& words, const std::string& help) {
  app_.add_option(name, target, help)->type_name(fmt::format("WORD:{{{}}}", fmt::join(words, ",")))->expected(0, -1);
}

void Arguments::optional_positional(const std::string& name, std::string& target, const std::string& help) {
  app_.add_option(name, target, help)->type_name("");
}

void Arguments::footer(const std::string& text) { app_.footer(text + "\n" + app_.get_footer()); }

void declare_command_line(CLI::App& app, GlobalOptions& options, const std::vector<std::unique_ptr<Command>>& commands,
                          Command*& chosen) {
  app.name("damsync");
  app.description("Keeps a file store in step with the stock-photo licenses an organisation holds.");
  app.set_version_flag("--version", "version", "print the version");
  app.set_help_flag("-h,--help", "print this help");
  declare_globals(app, options);
  app.require_subcommand(1);
  for (const auto& command : commands) {
    CLI::App* sub = app.add_subcommand(std::string(command->name()), std::string(command->summary()));
    sub->fallthrough();
    sub->footer("`damsync --help` shows the options that every command takes.");
    Arguments arguments(*sub);
    command->declare(arguments);
    sub->callback([&chosen, &command] { chosen = command.get(); });
  }
}

ParsedCommandLine parse_command_line(int argc, const char* const* argv,
                                     const std::vector<std::unique_ptr<Command>>& commands) {
  using Kind = ParsedCommandLine::Kind;
  ParsedCommandLine out;
  if (std::string wrong = check_bytes(argc, argv); !wrong.empty()) {
    out.text = std::move(wrong);
    return out;
  }
  if (std::string wrong = check_command(first_word(argc, argv), commands); !wrong.empty()) {
    out.text = std::move(wrong);
    return out;
  }
  CLI::App app;
  declare_command_line(app, out.options, commands, out.command);
  try {
    app.parse(argc, argv);
    out.kind = Kind::kRun;
    if (out.options.quiet && out.options.verbosity > 0) {
      out.kind = Kind::kWrong;
      out.text = "-q and -v exclude each other";
    }
  } catch (const CLI::CallForHelp&) {
    out.kind = Kind::kHelp;
    out.text = app.help();
  } catch (const CLI::CallForVersion&) {
    out.kind = Kind::kVersion;
  } catch (const CLI::RequiredError& error) {
    out.text = missing(app, error.what());
  } catch (const CLI::ExtrasError&) {
    out.text = unexpected(app);
  } catch (const CLI::Error& error) {
    out.text = shown(error.what());
  }
  return out;
}

}  // namespace damsync
