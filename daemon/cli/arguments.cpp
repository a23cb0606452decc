#include "daemon/cli/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <functional>

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

/// Stands before a word that the library would take for a list, `[a,b]`. No argument holds it: see `check_bytes`.
constexpr char kGuard = '\x01';

/// The words as the library wants them, the last one first, none of which looks like a list of its own.
std::vector<std::string> guarded(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = argc - 1; i >= 1; --i) {
    const std::string_view word = argv[i];
    words.emplace_back(word.starts_with('[') && word.ends_with(']') ? kGuard + std::string(word) : word);
  }
  return words;
}

std::string unguarded(std::string word) {
  std::erase(word, kGuard);
  return word;
}

/// A message of the library: names what was typed, so it is cut and made printable.
std::string shown(std::string what) {
  constexpr std::size_t kMost = 300;
  what = unguarded(std::move(what));
  return printable(what.size() > kMost ? what.substr(0, kMost) + "..." : what);
}

using TakeWords = std::function<void(std::vector<std::string>)>;

/// An option or a place whose words are taken as they were written: the library's own way with texts reads `[a,b]` and
/// `{}` as lists. An empty word is refused, because everywhere it would mean the same as none.
CLI::Option* add_words(CLI::App& app, const std::string& names, const std::string& help, TakeWords take) {
  const std::string label = names.substr(names.rfind(',') + 1);
  return app.add_option(
      names,
      [label, take = std::move(take)](const CLI::results_t& given) {
        std::vector<std::string> words;
        for (const auto& word : given) words.push_back(unguarded(word));
        if (std::find(words.begin(), words.end(), "") != words.end())
          throw CLI::ValidationError(label, "must not be empty");
        take(std::move(words));
        return true;
      },
      help);
}

CLI::Option* add_word(CLI::App& app, const std::string& names, const std::string& help, std::string& target) {
  return add_words(app, names, help, [&target](std::vector<std::string> words) { target = std::move(words.front()); });
}

CLI::Option* add_list(CLI::App& app, const std::string& names, const std::string& help,
                      std::vector<std::string>& target) {
  return add_words(app, names, help, [&target](std::vector<std::string> words) { target = std::move(words); });
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

/// `--config=` with nothing behind it, for which the library would take the next word.
std::string check_values(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") return {};
    if (argument.starts_with("--") && argument.find('=') + 1 == argument.size())
      return fmt::format("{} has no value behind it", shown(std::string(argument)));
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

/// The words of a place that is to hold one of them: of `WORD:{login,check}` what is between the braces.
std::string words_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{'), close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  std::string words = type.substr(open + 1, close - open - 1);
  for (auto at = words.find(','); at != std::string::npos; at = words.find(',', at + 2)) words.insert(at + 1, " ");
  return words;
}

/// `expected one of login, check` where the word of that list is missing, else what the library says.
std::string missing_word(const CLI::App& command, const std::string& what) {
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional() || !option->get_required() || option->count() > 0) continue;
    if (const std::string words = words_of(*option); !words.empty()) return "expected one of " + words;
  }
  return shown(what);
}

/// What is missing.
std::string missing(const CLI::App& app, const std::string& what) {
  const auto given = app.get_subcommands();
  if (!given.empty()) return fmt::format("{}: {}", given.front()->get_name(), missing_word(*given.front(), what));
  std::string names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names += (names.empty() ? "" : ", ") + command->get_name();
  return fmt::format("no command is given; there is {}", names);
}

/// `; nearest: --full`; empty: no option of the given command is much like the word.
std::string nearest_option(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* at : {&app, app.get_subcommands().empty() ? &app : app.get_subcommands().front()})
    for (const CLI::Option* option : at->get_options())
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  const auto meant = nearest(word, std::vector<std::string_view>(names.begin(), names.end()));
  return meant.empty() ? "" : fmt::format("; nearest: {}", meant);
}

/// What was not expected, without the values that stand with it: somebody may have tried to give a secret.
std::string unexpected(const CLI::App& app) {
  std::vector<std::string> options, words;
  for (const std::string& word : app.remaining(true))
    (word.starts_with('-') ? options : words).push_back(word.substr(0, word.find('=')));
  const auto& list = options.empty() ? words : options;
  return "not expected: " + shown(fmt::format("{}", fmt::join(list, " "))) +
         (options.empty() ? "" : nearest_option(app, options.front()));
}

/// The number of values is not what an option takes; the library counts, a person wants to know what to change.
std::string mismatched(const std::string& what) {
  const std::string option = what.substr(0, what.find(':'));
  if (what.find("At Most") != std::string::npos) return fmt::format("{} is given more than once", shown(option));
  return fmt::format("{} needs a value behind it", shown(option));
}

std::string check_number(const std::string& text) {
  constexpr std::size_t kMostDigits = 18;
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && !text.empty() && text.size() <= kMostDigits) return {};
  return fmt::format("expected a whole number, not '{}'", shown(text));
}

/// How the library would name a place that holds one of these words; see `words_of`.
std::string type_of(const std::vector<std::string>& words) { return fmt::format("WORD:{{{}}}", fmt::join(words, ",")); }

void declare_globals(CLI::App& app, GlobalOptions& options) {
  add_word(app, "-c,--config", "settings file", options.config)->type_name("FILE")->default_str(options.config);
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
  add_word(app_, names, help, target)->type_name(value);
}

void Arguments::texts(const std::string& names, std::vector<std::string>& target, const std::string& value,
                      const std::string& help) {
  add_list(app_, names, help, target)->type_name(value)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Arguments::number(const std::string& names, std::optional<std::int64_t>& target, const std::string& help) {
  app_.add_option(names, target, help)->type_name("N")->check(check_number);
}

void Arguments::word(const std::string& name, std::string& target, const std::vector<std::string>& words,
                     const std::string& help) {
  const auto take = [&target, words](std::vector<std::string> given) {
    target = std::move(given.front());
    if (std::find(words.begin(), words.end(), target) != words.end()) return;
    throw CLI::ValidationError(fmt::format("expected one of {}, not '{}'", fmt::join(words, ", "), shown(target)));
  };
  add_words(app_, name, help, take)->required()->type_name(type_of(words));
}

void Arguments::positional(const std::string& name, std::string& target, const std::string& help) {
  add_word(app_, name, help, target)->required()->type_name("");
}

void Arguments::positionals(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  add_list(app_, name, help, target)->required()->type_name("")->expected(1, -1)->allow_extra_args();
}

void Arguments::optional_positionals(const std::string& name, std::vector<std::string>& target,
                                     const std::string& help) {
  add_list(app_, name, help, target)->type_name("")->expected(0, -1)->allow_extra_args();
}

void Arguments::optional_verb(const std::string& name, std::vector<std::string>& target,
                              const std::vector<std::string>& words, const std::string& help) {
  add_list(app_, name, help, target)->type_name(type_of(words))->expected(0, -1)->allow_extra_args();
}

void Arguments::optional_positional(const std::string& name, std::string& target, const std::string& help) {
  add_word(app_, name, help, target)->type_name("");
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
    sub->footer(kWhereGlobals);
    Arguments arguments(*sub);
    command->declare(arguments);
    sub->callback([&chosen, &command] { chosen = command.get(); });
  }
}

namespace {

/// What the words themselves tell, before the library sees them; empty: nothing is wrong.
std::string check_words(int argc, const char* const* argv, const std::vector<std::unique_ptr<Command>>& commands) {
  std::string wrong = check_bytes(argc, argv);
  if (wrong.empty()) wrong = check_values(argc, argv);
  if (wrong.empty()) wrong = check_command(first_word(argc, argv), commands);
  return wrong;
}

/// `damsync help` and `damsync help COMMAND`: the words that other programs taught.
bool asks_for_help(int argc, const char* const* argv) {
  return (argc == 2 || argc == 3) && std::string_view(argv[1]) == "help";
}

/// The help for a mistake: of the command that was given, or of the program.
std::string help_for(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? "damsync --help" : fmt::format("damsync {} --help", given.front()->get_name());
}

void parse_words(CLI::App& app, std::vector<std::string> words, ParsedCommandLine& out) {
  using Kind = ParsedCommandLine::Kind;
  try {
    app.parse(words);
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
  } catch (const CLI::ArgumentMismatch& error) {
    out.text = mismatched(error.what());
  } catch (const CLI::Error& error) {
    out.text = shown(error.what());
  }
}

}  // namespace

ParsedCommandLine parse_command_line(int argc, const char* const* argv,
                                     const std::vector<std::unique_ptr<Command>>& commands) {
  if (asks_for_help(argc, argv)) {
    const std::array<const char*, 3> asked = {argv[0], argc == 3 ? argv[2] : "--help", "--help"};
    return parse_command_line(argc, asked.data(), commands);
  }
  ParsedCommandLine out;
  out.text = check_words(argc, argv, commands);
  if (!out.text.empty()) return out;
  CLI::App app;
  declare_command_line(app, out.options, commands, out.command);
  parse_words(app, guarded(argc, argv), out);
  out.help = help_for(app);
  return out;
}

}  // namespace damsync
