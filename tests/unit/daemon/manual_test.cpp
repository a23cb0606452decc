#include <doctest/doctest.h>

#include <algorithm>

#include "daemon/manual/completions.h"
#include "daemon/manual/man_pages.h"
#include "daemon/manual/roff.h"

namespace damsync {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const CommandRow& command(const std::vector<CommandRow>& table, const std::string& name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == name; });
  REQUIRE(found != table.end());
  return *found;
}

}  // namespace

TEST_CASE("manual: the table holds every command with its options, places and words") {
  const auto commands = make_commands();
  const auto table = command_table(commands);
  CHECK(table.size() == commands.size() + 1);
  CHECK(table.front().name.empty());
  const auto& options = command(table, "auth").options;
  const auto what = std::find_if(options.begin(), options.end(), [](const auto& o) { return o.place == "what"; });
  REQUIRE(what != options.end());
  CHECK(what->words == std::vector<std::string>{"login", "check"});
  CHECK(what->required);
  const auto& globals = table.front().options;
  const auto config = std::find_if(globals.begin(), globals.end(),
                                   [](const auto& o) { return !o.names.empty() && o.names[0] == "-c"; });
  REQUIRE(config != globals.end());
  CHECK(config->names == std::vector<std::string>{"-c", "--config"});
  CHECK(config->value == "FILE");
}

TEST_CASE("manual: man page and completions leave no command and no option out") {
  const auto table = command_table(make_commands());
  const std::string page = commands_as_roff(table) + global_options_as_roff(table);
  const std::string bash = bash_completion(table), zsh = zsh_completion(table), fish = fish_completion(table);
  for (const auto& row : table) {
    for (const auto& option : row.options)
      for (const auto& name : option.names) {
        if (name == "--help" || name == "-h") continue;
        CAPTURE(name);
        CHECK(holds(page, roff_text(name)));
        CHECK(holds(bash, name));
        CHECK(holds(zsh, name));
        CHECK(holds(fish, name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1)));
      }
    if (row.name.empty()) continue;
    CHECK(holds(page, ".SS " + row.name));
    for (const auto* text : {&bash, &zsh, &fish}) CHECK(holds(*text, row.name));
  }
}

TEST_CASE("manual: what --help says behind the options of a command, and what holds without one, is in it") {
  const auto table = command_table(make_commands());
  const std::string page = commands_as_roff(table);
  for (const auto& row : table) {
    CHECK(!holds(row.footer, kWhereGlobals));
    if (!row.name.empty() && !row.footer.empty()) CHECK(holds(page, ".PP\n" + roff_text(row.footer) + "\n"));
  }
  CHECK(holds(page, roff_text("With --check, exit code 3")));
  CHECK(holds(page, roff_text("The time that --since and --until choose by")));
  CHECK(holds(global_options_as_roff(table), "settings file; default: /etc/damsync/damsync.toml"));
}

TEST_CASE("manual: every key of the settings is described") {
  const std::string page = settings_as_roff();
  for (const KeySpec& key : key_table()) CHECK(holds(page, ".TP\n\\fB" + roff_text(key.name) + "\\fR"));
  for (const SectionSpec& section : section_table()) CHECK(holds(page, std::string(section.name)));
}

TEST_CASE("manual: text cannot become a request or an escape of the formatter") {
  CHECK(roff_text(".TH x") == "\\&.TH x");
  CHECK(roff_text("a\n'b") == "a\n\\&'b");
  CHECK(roff_text("a\\b --x") == "a\\eb \\-\\-x");
  CHECK(roff_text("see `damsync list`.") == "see \\fBdamsync list\\fR.");
}

}  // namespace damsync
