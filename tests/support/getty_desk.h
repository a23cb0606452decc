#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "sync/http/json_reader.h"
#include "tests/simulators/getty_sim.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace damsync {

/// The real program and a simulated Getty Images, side by side: an account that may pay for what it holds.
class GettyDesk {
 public:
  explicit GettyDesk(std::map<std::string, std::string> keys = {}) : keys_(std::move(keys)) {
    sim.listen();
    write_settings("once");
  }

  /// A download somebody made earlier: an image, and a license whose file is not here.
  void hold(const std::string& id) {
    const UtcTime now = sim.now();
    sim.edit([&](GettyState& state) {
      state.images[id] = GettySimImage{.id = id, .title = "Picture " + id};
      state.downloads.push_back(
          {.id = id, .time = std::chrono::floor<std::chrono::seconds>(now - std::chrono::hours(2))});
    });
  }
  void write_settings(const std::string& may_consume) const {
    const std::string base = sim.base_url(), root = dir.path().string();
    std::string text = fmt::format(
        "[store]\nroot = \"{0}/store\"\nmin_free = \"1MiB\"\n[catalog]\npath = \"{0}/catalog.db\"\n"
        "[[account]]\nname = \"photo-desk\"\nprovider = \"getty\"\nbase_url = \"{1}\"\n"
        "token_url = \"{1}/oauth2/token\"\napi_key = \"sandbox-key\"\nclient_secret = \"sandbox-secret\"\n"
        "username = \"anna\"\npassword = \"anna-password\"\nrequests_per_second = 10000\nconcurrency = 1\n"
        "since = \"{2}\"\nmay_consume = \"{3}\"\n",
        root, base, format_rfc3339(sim.now() - std::chrono::hours(48)).substr(0, 10), may_consume);
    for (const auto& [key, value] : keys_) text += key + " = " + value + "\n";
    if (!keys_.contains("budget_per_day")) text += "budget_per_day = 100\n";
    std::ofstream(dir / "damsync.toml") << text;
    ::chmod((dir / "damsync.toml").c_str(), 0600);
  }

  [[nodiscard]] ProgramCall call(std::vector<std::string> words, std::map<std::string, std::string> environment = {}) {
    words.insert(words.begin(), {damsync_binary(), "-c", dir / "damsync.toml", "-q"});
    return {std::move(words), std::move(environment), ""};
  }
  ProgramResult run(std::vector<std::string> words, std::map<std::string, std::string> environment = {}) {
    return run_program(call(std::move(words), std::move(environment)));
  }
  std::unique_ptr<Program> start(std::vector<std::string> words) {
    return std::make_unique<Program>(call(std::move(words)));
  }
  std::vector<Json> list(const std::string& what) {
    std::istringstream lines(run({"list", what, "--json"}).out);
    std::vector<Json> rows;
    for (std::string line; std::getline(lines, line);) rows.push_back(*parse_json(line));
    return rows;
  }
  static std::string text(const Json& row, std::string_view name) {
    const Json* value = row.find(name);
    return value != nullptr && value->if_string() != nullptr ? *value->if_string() : "";
  }

  [[nodiscard]] std::int64_t executions(const std::string& id) const {
    const auto all = sim.books().executions;
    const auto found = all.find(id);
    return found == all.end() ? 0 : found->second;
  }
  /// What `list spends` says of an asset: outcomes, oldest first.
  std::vector<std::string> outcomes(const std::string& id) {
    std::vector<std::string> out;
    for (const auto& row : list("spends"))
      if (text(row, "asset_id") == id) out.push_back(text(row, "outcome"));
    return out;
  }
  /// The service executed at most one call for the asset, and our book says of it what is true.
  void check_paid_once(const std::string& id, const std::string& where) {
    std::int64_t spent = 0, open = 0;
    for (const auto& outcome : outcomes(id)) {
      spent += outcome == "spent" ? 1 : 0;
      open += outcome == "open" ? 1 : 0;
    }
    const auto executed = executions(id);
    CHECK_MESSAGE(executed <= 1, "PAID TWICE for ", id, " ", where);
    CHECK_MESSAGE(spent <= executed, "asset ", id, " ", where);
    CHECK_MESSAGE(spent + open >= executed, "asset ", id, " ", where);
    CHECK_MESSAGE(spent + open <= 1, "asset ", id, " ", where);
  }

  TempDir dir;
  GettySim sim;

 private:
  std::map<std::string, std::string> keys_;
};

}  // namespace damsync
