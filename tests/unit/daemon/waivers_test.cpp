#include "daemon/config/waivers.h"

#include <doctest/doctest.h>

#include <fstream>

#include "daemon/config/settings.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

struct WaiverBench {
  [[nodiscard]] Settings settings(const std::filesystem::path& file) const {
    Settings out;
    out.audit.waivers = file;
    auto& account = out.accounts.emplace_back();
    account.provider.account = "newsroom";
    account.provider.provider = "agency";
    return out;
  }
  Result<std::vector<Waiver>> load(const std::string& text) const {
    std::ofstream(dir.path() / "waivers.toml") << text;
    return load_waivers(settings(dir.path() / "waivers.toml"));
  }
  [[nodiscard]] std::string refused(const std::string& text) const {
    const auto loaded = load(text);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == ErrorCode::kSettings);
    return loaded.error().message;
  }
  TempDir dir;
};

}  // namespace

TEST_CASE("waivers: a file of signed-off exceptions is read whole") {
  const auto loaded = WaiverBench().load(
      "[[waiver]]\ncode = \"ADULT\"\nprovider = \"agency\"\nasset_id = \"1001\"\nlicense_id = \"e1\"\n"
      "by = \"legal\"\nuntil = 2026-12-31\nreason = \"calendar\"\n\n"
      "[[waiver]]\ncode = \"END_DATE_UNKNOWN\"\nby = \"legal\"\nreason = \"perpetual\"\n");
  REQUIRE(loaded);
  REQUIRE(loaded->size() == 2);
  CHECK(loaded->at(0).code == FindingCode::kAdult);
  CHECK(loaded->at(0).asset_id == "1001");
  CHECK(loaded->at(0).until == std::chrono::sys_days(std::chrono::year(2026) / 12 / 31));
  CHECK_FALSE(loaded->at(1).until);
  CHECK(load_waivers(WaiverBench().settings({}))->empty());
}

TEST_CASE("waivers: every mistake is named with its line") {
  const WaiverBench bench;
  const auto message = bench.refused(
      "[[waiver]]\ncode = \"ADULTS\"\nby = \"legal\"\nreason = \"x\"\n[[waiver]]\ncode = \"ADULT\"\nreson = \"x\"\n"
      "until = \"soon\"\nby = 5\n");
  CHECK(message.find(":2: waiver.code: 'ADULTS' is no code of a finding; nearest known: ADULT") != std::string::npos);
  CHECK(message.find(":7: waiver.reson: unknown key; nearest known: reason") != std::string::npos);
  CHECK(message.find(":8: waiver.until: expected a date") != std::string::npos);
  CHECK(message.find(":9: waiver.by: expected text, not an integer") != std::string::npos);
  CHECK(message.find("waiver.reason: is missing") != std::string::npos);
}

TEST_CASE("waivers: a provider or account that the settings do not have is a mistake") {
  const WaiverBench bench;
  const std::string signed_off = "by = \"legal\"\nreason = \"x\"\n[[waiver]]\ncode = \"ADULT\"\n";
  const auto message = bench.refused("[[waiver]]\ncode = \"ADULT\"\nprovider = \"agancy\"\n" + signed_off +
                                     "account = \"newsrom\"\nby = \"legal\"\nreason = \"x\"\n");
  CHECK(message.find(":3: waiver.provider: no account of the settings is 'agancy'; nearest known: agency") !=
        std::string::npos);
  CHECK(message.find(":8: waiver.account: no account of the settings is 'newsrom'; nearest known: newsroom") !=
        std::string::npos);
}

TEST_CASE("waivers: what is no list of waivers is refused") {
  const WaiverBench bench;
  for (const char* text :
       {"[waiver]\ncode = \"ADULT\"\n", "waiver = 5\n", "[[waivers]]\n", "waiver = [1]\n", "[[waiver"})
    CHECK_FALSE(bench.refused(text).empty());
  CHECK_FALSE(load_waivers(bench.settings(bench.dir.path() / "missing.toml")));
  CHECK_FALSE(load_waivers(bench.settings(bench.dir.path())));
}

}  // namespace damsync
