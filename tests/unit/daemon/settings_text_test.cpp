#include "daemon/config/settings_text.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "tests/support/paths.h"
#include "tests/unit/daemon/settings_bench.h"

namespace damsync {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The example with every commented-out line switched on.
std::string uncommented(const std::string& example) {
  std::istringstream in(example);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const bool setting = line.rfind("# [[", 0) == 0 || (line.rfind("# ", 0) == 0 && line[2] != '{' &&
                                                        holds(line, " = ") && !holds(line, "A secret is"));
    out += (setting ? line.substr(2) : line) + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("config init: the example is valid as it stands and names every key") {
  const SettingsBench bench;
  const std::string example = example_settings();
  CHECK(bench.mistakes(bench.load(example)) == "");
  for (const KeySpec& key : key_table()) CHECK(holds(example, std::string(key.name)));
}

TEST_CASE("config init: every line of the example is valid when switched on") {
  const SettingsBench bench;
  std::string all = uncommented(example_settings());
  const LoadedSettings loaded = bench.load(all);
  CHECK(bench.mistakes(loaded) == "");
  CHECK(loaded.settings.accounts.size() == 3);
  CHECK(loaded.settings.webhooks.size() == 1);
  CHECK(loaded.settings.commands.size() == 1);
  CHECK(loaded.settings.agreements.size() == 1);
}

TEST_CASE("config init: the packaged example is the one the program prints") {
  std::ifstream in(source_dir() + "/systemd/damsync.toml");
  std::ostringstream packaged;
  packaged << in.rdbuf();
  CHECK(packaged.str() == example_settings());
}

TEST_CASE("config show: prints what is in force and where it comes from, never a secret") {
  const SettingsBench bench;
  const std::string text =
      "[store]\nmin_free = \"1GiB\"\n[[account]]\nname = \"a\"\nprovider = \"shutterstock\"\naccess_token = "
      "\"hush-hush\"\n"
      "client_id = \"x\"\nclient_secret = { command = [\"pass\", \"hush-arg\"] }\n";
  const LoadedSettings loaded = load_settings(bench.write("damsync.toml", text, 0600));
  REQUIRE(bench.mistakes(loaded) == "");
  const std::string shown = effective_text(loaded);
  const std::string json = write_json(effective_json(loaded));
  CHECK(holds(shown, "min_free = \"1GiB\"  # "));
  CHECK(holds(shown, "damsync.toml:2\n"));
  CHECK(holds(shown, "concurrency = 8  # default\n"));
  CHECK(holds(shown, "access_token = \"***\""));
  CHECK(holds(shown, "client_secret = { command = [\"pass\", \"***\"] }"));
  CHECK(!holds(shown, "hush"));
  CHECK(!holds(json, "hush"));
  CHECK(holds(json, R"("min_free":{"value":"\"1GiB\"","origin":")"));
}

TEST_CASE("config: the hash of settings follows from their values, not from where they are written") {
  const SettingsBench bench;
  const std::string account =
      "[[account]]\nname = \"a\"\nprovider = \"shutterstock\"\naccess_token = { env = \"T\" }\n";
  const auto hash = [&](const std::string& name, const std::string& text) {
    const LoadedSettings loaded = load_settings(bench.write(name, text, 0600));
    REQUIRE(bench.mistakes(loaded) == "");
    return sha256_of_settings(loaded);
  };
  const auto first = hash("damsync.toml", "[schedule]\npoll_interval = \"20m\"\n" + account);
  CHECK(hash("other.toml", "# a remark\n\n" + account + "[schedule]\npoll_interval = '20m'  # often\n") == first);
  CHECK(hash("damsync.toml", "[schedule]\npoll_interval = \"21m\"\n" + account) != first);
}

}  // namespace damsync
