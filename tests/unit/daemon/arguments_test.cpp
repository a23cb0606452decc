#include "daemon/cli/arguments.h"

#include <doctest/doctest.h>

#include "daemon/cli/command.h"
#include "daemon/cli/time_filter.h"

namespace damsync {
namespace {

using Kind = ParsedCommandLine::Kind;

struct CommandLine {
  std::vector<std::unique_ptr<Command>> commands = make_commands();

  ParsedCommandLine parse(std::vector<std::string> words) {
    words.insert(words.begin(), "damsync");
    std::vector<const char*> argv;
    for (const auto& word : words) argv.push_back(word.c_str());
    return parse_command_line(static_cast<int>(argv.size()), argv.data(), commands);
  }
};

/// A command that takes one of everything.
class Probe final : public Command {
 public:
  std::string_view name() const override { return "probe"; }
  std::string_view summary() const override { return "Take words"; }
  void declare(Arguments& arguments) override {
    arguments.texts("--many", many, "NAME", "repeatable");
    arguments.text("--one", one, "NAME", "once");
    arguments.flag("--full", full, "a flag");
    arguments.number("--limit", limit, "a number");
    arguments.word("what", what, {"files", "runs"}, "files or runs");
    arguments.optional_positionals("PATH", paths, "the rest");
  }
  Result<ExitCode> run(CommandContext&) override { return ExitCode::kDone; }

  std::vector<std::string> many, paths;
  std::string one, what;
  bool full = false;
  std::optional<std::int64_t> limit;
};

struct ProbeLine : CommandLine {
  ProbeLine() {
    commands.clear();
    commands.push_back(std::make_unique<Probe>());
  }
  [[nodiscard]] const Probe& probe() const { return static_cast<const Probe&>(*commands.front()); }
  std::string wrong(const std::vector<std::string>& words) {
    const ParsedCommandLine parsed = parse(words);
    CHECK(parsed.kind == Kind::kWrong);
    return parsed.text;
  }
};

}  // namespace

TEST_CASE("command line: a word is taken as it is written, also where it looks like a list") {
  ProbeLine line;
  const auto parsed = line.parse({"-c", "[c]", "probe", "files", "[2023,2024]", "{}", "[]", "plain", "--many", "[a,b]",
                                  "--many=[c,d]", "--one", "[e,f]"});
  CAPTURE(parsed.text);
  REQUIRE(parsed.kind == Kind::kRun);
  CHECK(line.probe().paths == std::vector<std::string>{"[2023,2024]", "{}", "[]", "plain"});
  CHECK(line.probe().many == std::vector<std::string>{"[a,b]", "[c,d]"});
  CHECK(line.probe().one == "[e,f]");
  CHECK(parsed.options.config == "[c]");
}

TEST_CASE("command line: an option takes one value, what follows is a word of its own") {
  ProbeLine line;
  REQUIRE(line.parse({"probe", "--many", "a", "files", "b"}).kind == Kind::kRun);
  CHECK(line.probe().many == std::vector<std::string>{"a"});
  CHECK(line.probe().what == "files");
  CHECK(line.probe().paths == std::vector<std::string>{"b"});
}

TEST_CASE("command line: an empty value is refused, it would mean that there is none") {
  ProbeLine line;
  CHECK(line.wrong({"probe", "files", "--one", ""}) == "--one: must not be empty");
  CHECK(line.wrong({"probe", "files", "--many", "a", "--many", ""}) == "--many: must not be empty");
  CHECK(line.wrong({"probe", "files", ""}) == "PATH: must not be empty");
  CHECK(line.wrong({"probe", "files", "-c", ""}) == "--config: must not be empty");
  CHECK(line.wrong({"probe", ""}) == "what: must not be empty");
  CHECK(line.wrong({"--config=", "probe", "files"}) == "--config= has no value behind it");
  CHECK(line.wrong({"probe", "files", "--one="}) == "--one= has no value behind it");
  CHECK(line.parse({"probe", "--", "files", "--one="}).kind == Kind::kRun);
}

TEST_CASE("command line: what is wrong is told in words of the command line, with what is near it") {
  ProbeLine line;
  CHECK(line.wrong({"probe", "filez"}) == "expected one of files, runs, not 'filez'");
  CHECK(line.wrong({"probe"}) == "probe: expected one of files, runs");
  CHECK(line.wrong({"probe", "files", "--ful"}) == "not expected: --ful; nearest: --full");
  CHECK(line.wrong({"probe", "files", "--token=hush"}).find("hush") == std::string::npos);
  CHECK(line.wrong({"probe", "files", "--limit", "1", "--limit", "2"}) == "--limit is given more than once");
  CHECK(line.wrong({"probe", "files", "--one", "a", "--one", "b"}) == "--one is given more than once");
  CHECK(line.wrong({"probe", "files", "--one"}) == "--one needs a value behind it");
}

TEST_CASE("command line: a mistake leads to the help of its command, and `help` is a way to ask") {
  CommandLine line;
  CHECK(line.parse({"list", "filez"}).help == "damsync list --help");
  CHECK(line.parse({"snyc"}).help == "damsync --help");
  CHECK(line.parse({}).help == "damsync --help");
  const auto help = line.parse({"help"});
  CHECK(help.kind == Kind::kHelp);
  CHECK(help.text == line.parse({"--help"}).text);
  CHECK(line.parse({"help", "list"}).text == line.parse({"list", "--help"}).text);
  CHECK(line.parse({"help", "nonsense"}).kind == Kind::kWrong);
}

TEST_CASE("command line: global options stand before or after the command") {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-c", "/x.toml", "--json", "-v", "--log-format", "json", "status"},
        {"status", "-c", "/x.toml", "--json", "-v", "--log-format", "json"},
        {"--json", "status", "--config=/x.toml", "-v", "--log-format=json"}}) {
    CommandLine line;
    const ParsedCommandLine parsed = line.parse(words);
    CAPTURE(parsed.text);
    REQUIRE(parsed.kind == Kind::kRun);
    CHECK(parsed.command->name() == "status");
    CHECK(parsed.options.config == "/x.toml");
    CHECK(parsed.options.json);
    CHECK(parsed.options.log_format == LogFormat::kJson);
    CHECK(parsed.options.level() == LogLevel::kDebug);
  }
}

TEST_CASE("command line: the log level is named, or follows -v and -q") {
  CommandLine line;
  CHECK(line.parse({"status"}).options.level() == LogLevel::kWarning);
  CHECK(line.parse({"-q", "status"}).options.level() == LogLevel::kError);
  CHECK(line.parse({"-v", "--log-level", "warning", "status"}).options.level() == LogLevel::kWarning);
  CHECK(line.parse({"status"}).options.config == "/etc/damsync/damsync.toml");
}

TEST_CASE("command line: help and version are answers, not mistakes") {
  CommandLine line;
  CHECK(line.parse({"--version"}).kind == Kind::kVersion);
  const auto help = line.parse({"--help"});
  CHECK(help.kind == Kind::kHelp);
  for (const auto& command : line.commands) {
    CHECK(help.text.find(std::string(command->name())) != std::string::npos);
    CHECK(line.parse({std::string(command->name()), "--help"}).kind == Kind::kHelp);
  }
  CHECK(line.parse({"list", "--help"}).text.find("--since") != std::string::npos);
}

TEST_CASE("C4 command line: what cannot be meant is a usage error") {
  const std::vector<std::vector<std::string>> rows = {
      {},
      {"nonsense"},
      {"--nonsense", "status"},
      {"status", "--nonsense"},
      {"status", "--chec"},
      {"-c"},
      {"status", "-c"},
      {"sync", "--account"},
      {"list", "assets", "--limit"},
      {"list", "assets", "--limit", "-1"},
      {"list", "assets", "--limit", "many"},
      {"list"},
      {"list", "things"},
      {"list", "assets", "files"},
      {"sync", "status"},
      {"status", "sync"},
      {"status", "status"},
      {"show"},
      {"show", "a:1", "b:2"},
      {"config"},
      {"config", "destroy"},
      {"config", "check", "a", "b"},
      {"db", "drop"},
      {"verify", "now"},
      {"--", "status"},
      {"status", "--", "x"},
      {"status", "--json=maybe"},
      {"--log-format", "xml", "status"},
      {"--log-level", "loud", "status"},
      {"-q", "-v", "status"},
      {"show", std::string(1 << 20, 'x')},
      {"show", "\xff\xfe"},
      {"show", "a\nb"},
      {"--access-token", "hush", "sync"},
      {"sync", "--token=hush"},
  };
  for (const auto& words : rows) {
    std::string shown;
    for (const auto& word : words) shown += word.substr(0, 40) + " ";
    CAPTURE(shown);
    CommandLine line;
    const ParsedCommandLine parsed = line.parse(words);
    CHECK(parsed.kind == Kind::kWrong);
    CHECK(!parsed.text.empty());
    CHECK(parsed.text.size() < 1000);
  }
}

TEST_CASE("time filter: a date-time, a date or an age") {
  const UtcTime now = parse_rfc3339("2026-03-15T12:00:00Z").value();
  CHECK(format_rfc3339(parse_time_filter("2026-01-31T12:00:00+02:00", now).value()) == "2026-01-31T10:00:00Z");
  CHECK(format_rfc3339(parse_time_filter("2026-01-31", now).value()) == "2026-01-31T00:00:00Z");
  CHECK(format_rfc3339(parse_time_filter("5d", now).value()) == "2026-03-10T12:00:00Z");
  CHECK(format_rfc3339(parse_time_filter("90m", now).value()) == "2026-03-15T10:30:00Z");
  for (const char* text : {"", "5", "yesterday", "2026-02-30", "-5d", "2026-01-31T12:00:00"}) {
    CAPTURE(text);
    REQUIRE(!parse_time_filter(text, now));
    CHECK(parse_time_filter(text, now).error().code == ErrorCode::kUsage);
  }
}

}  // namespace damsync
