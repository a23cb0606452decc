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

}  // namespace

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
