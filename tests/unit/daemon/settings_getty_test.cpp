#include <doctest/doctest.h>

#include <string>

#include "tests/unit/daemon/settings_bench.h"

namespace damsync {
namespace {

constexpr const char* kGetty = R"(
[[account]]
name = "photo-desk"
provider = "getty"
api_key = { env = "KEY" }
client_secret = { env = "SECRET" }
)";

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("settings: an asset of a Getty account is looked at again within a week, of another within a month") {
  const SettingsBench bench;
  const auto days = [&](const std::string& text) {
    const LoadedSettings loaded = bench.load(text);
    CHECK(bench.mistakes(loaded) == "");
    return loaded.settings.accounts.front().provider.recheck / std::chrono::hours(24);
  };
  CHECK(days(kGetty) == 7);
  CHECK(days(kMinimal) == 30);
  CHECK(days(std::string(kGetty) + "recheck_days = 3\n") == 3);
}

TEST_CASE("settings: what a spending call says by default belongs to Getty accounts alone") {
  const SettingsBench bench;
  const std::string keys =
      "product_id = \"4321\"\nproduct_type = \"easyaccess\"\n"
      "project_code = \"P-1\"\ndownload_notes = \"archive\"\nfile_type = \"eps\"\nheight = 4000\n";
  const LoadedSettings loaded = bench.load(kGetty + keys);
  CHECK(bench.mistakes(loaded) == "");
  const auto& account = loaded.settings.accounts.front().provider;
  CHECK(account.product_id == "4321");
  CHECK(account.product_type == "easyaccess");
  CHECK(account.project_code == "P-1");
  CHECK(account.download_notes == "archive");
  CHECK(account.file_type == "eps");
  CHECK(account.height == 4000);

  const std::string elsewhere = bench.mistakes(bench.load(kMinimal + keys));
  for (const char* key : {"product_id", "product_type", "project_code", "download_notes", "file_type", "height"})
    CHECK_MESSAGE(holds(elsewhere, std::string("account.") + key), key);
  CHECK(holds(bench.mistakes(bench.load(std::string(kGetty) + "file_type = \"tiff\"\n")), "file_type"));
  CHECK(holds(bench.mistakes(bench.load(std::string(kGetty) + "height = 0\n")), "height"));
}

}  // namespace damsync
