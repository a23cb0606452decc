#include <doctest/doctest.h>

#include "daemon/config/settings_text.h"
#include "tests/unit/daemon/settings_bench.h"

namespace damsync {
namespace {

const std::string kWebhook =
    "[[webhook]]\nname = \"cms\"\nurl = \"https://cms.example.org/hook\"\nsecret = { env = \"A\" }\n";
const std::string kCommand = "[[command]]\nname = \"mail\"\nrun = [\"/bin/true\"]\n";

}  // namespace

TEST_CASE(
    "settings: a receiver's filters, its certificate authority and leave for a private network reach their struct") {
  const SettingsBench bench;
  const auto loaded = bench.load(kMinimal + kWebhook +
                                 "accounts = [\"newsroom\"]\nlicense_types = [\"enhanced\"]\neditorial = false\n"
                                 "private_network = true\nca_file = \"/etc/ssl/own.pem\"\nevents = [\"asset.*\"]\n" +
                                 kCommand + "editorial = true\nlicense_types = [\"standard\"]\n");
  CHECK(bench.mistakes(loaded) == "");
  REQUIRE(loaded.settings.webhooks.size() == 1);
  const WebhookSettings& webhook = loaded.settings.webhooks[0];
  CHECK(webhook.filter.events == std::vector<std::string>{"asset.*"});
  CHECK(webhook.filter.accounts == std::vector<std::string>{"newsroom"});
  CHECK(webhook.filter.license_types == std::vector<std::string>{"enhanced"});
  CHECK(webhook.filter.editorial == false);
  CHECK(webhook.private_network);
  CHECK(webhook.ca_file == "/etc/ssl/own.pem");
  REQUIRE(loaded.settings.commands.size() == 1);
  CHECK(loaded.settings.commands[0].filter.editorial == true);
  CHECK(loaded.settings.commands[0].filter.events == std::vector<std::string>{"*"});
}

TEST_CASE("settings: a receiver without filters wants everything and leads to no private network") {
  const SettingsBench bench;
  const auto loaded = bench.load(kMinimal + kWebhook);
  REQUIRE(loaded.settings.webhooks.size() == 1);
  const WebhookSettings& webhook = loaded.settings.webhooks[0];
  CHECK(webhook.filter.accounts.empty());
  CHECK(webhook.filter.license_types.empty());
  CHECK(!webhook.filter.editorial);
  CHECK(!webhook.private_network);
}

TEST_CASE("settings: a webhook's URL may have a query, which is not shown, and no fragment") {
  const SettingsBench bench;
  const auto with = [](const std::string& url) {
    return std::string(kMinimal) + "[[webhook]]\nname = \"cms\"\nurl = \"" + url + "\"\nsecret = { env = \"A\" }\n";
  };
  const auto loaded = bench.load(with("https://cms.example.org/hook?token=hush/"));
  CHECK(bench.mistakes(loaded) == "");
  REQUIRE(loaded.settings.webhooks.size() == 1);
  CHECK(loaded.settings.webhooks[0].url == "https://cms.example.org/hook?token=hush/");
  CHECK(effective_text(loaded).find("\"https://cms.example.org/hook?***\"") != std::string::npos);
  CHECK(effective_text(loaded).find("hush") == std::string::npos);
  CHECK(bench.mistakes(bench.load(with("https://cms.example.org/hook#a"))).find("a fragment does not belong here") !=
        std::string::npos);
}

TEST_CASE("C1 settings: receivers with unusable names or unknown accounts are mistakes with their place") {
  struct Row {
    std::string text, expected;
  };
  const Row rows[] = {
      {kWebhook + "accounts = [\"newsrom\"]\n", "webhook.accounts: no account is called 'newsrom'"},
      {kCommand + "accounts = [\"x\"]\n", "command.accounts: no account is called 'x'"},
      {"[[command]]\nname = \"cms\"\nrun = [\"/bin/true\"]\n" + kWebhook,
       "command.name: a [[webhook]] is called 'cms' too"},
      {"[[command]]\nname = \"a b\"\nrun = [\"/bin/true\"]\n", "command.name: expected 1 to 64 letters"},
      {kWebhook + "editorial = \"yes\"\n", "webhook.editorial"},
      {kWebhook + "ca_file = \"own.pem\"\n", "webhook.ca_file"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const SettingsBench bench;
    const std::string got = bench.mistakes(bench.load(row.text + kMinimal));
    CAPTURE(got);
    CHECK(got.find(row.expected) != std::string::npos);
  }
}

}  // namespace damsync
