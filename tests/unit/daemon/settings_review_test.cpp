#include "daemon/config/settings_review.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/unit/daemon/settings_bench.h"

namespace damsync {
namespace {

/// Everything a look at the disk finds wrong, then what it warns of, without the folder's own name.
std::string found(const SettingsBench& bench, const std::string& text) {
  LoadedSettings loaded = bench.load(text);
  const auto review = review_settings(loaded);
  loaded.mistakes = review.mistakes;
  std::string out = bench.mistakes(loaded);
  loaded.mistakes = review.warnings;
  if (const auto warnings = bench.mistakes(loaded); !warnings.empty()) out += "warnings:\n" + warnings;
  return out;
}

std::string account(const std::string& more) {
  return "[[account]]\nname = \"newsroom\"\nprovider = \"shutterstock\"\n" + more;
}

}  // namespace

TEST_CASE(
    "settings review: a secret file that is no file or open to others is a mistake, one that is missing a warning") {
  const SettingsBench bench;
  bench.write("open", "token\n", 0644);
  const std::string at = bench.dir.path().string() + "/";
  const std::string text = account("access_token = { file = \"" + at +
                                   "open\" }\nclient_id = \"x\"\nclient_secret = { file = \"" + at + "none\" }\n") +
                           "[audit]\nsigning_key = { file = \"" + at + "\" }\n";
  CHECK(found(bench, text) ==
        "damsync.toml:4: account.access_token: open is open to others (mode 0644); chmod o-rwx it\n"
        "damsync.toml:8: audit.signing_key:  is not a regular file\n"
        "warnings:\n"
        "damsync.toml:6: account.client_secret: none is not there yet\n");
  bench.write("open", "token\n", 0640);
  CHECK(found(bench, account("access_token = { file = \"" + at + "open\" }\n")).empty());
}

TEST_CASE("settings review: a credential, a variable or a program may be there when it is needed") {
  const SettingsBench bench;
  for (const char* secret : {"{ credential = \"x\" }", "{ env = \"DAMSYNC_NOT_SET\" }", "{ command = [\"/none\"] }"})
    CHECK(found(bench, account(std::string("access_token = ") + secret + "\n")).empty());
  CHECK(found(bench,
              account("client_id = \"x\"\nclient_secret = { env = \"S\" }\nrefresh_token = { file = \"/none\" }\n"))
            .empty());
}

TEST_CASE("settings review: a webhook's secret that is written down has the form of one") {
  const SettingsBench bench;
  bench.write("damsync.toml", "", 0600);
  const auto hook = [](const std::string& secret) {
    return "[[webhook]]\nname = \"cms\"\nurl = \"https://cms.example.org/\"\nsecret = \"" + secret + "\"\n";
  };
  const auto check = [&](const std::string& secret) {
    LoadedSettings loaded = load_settings(bench.write("damsync.toml", hook(secret), 0600));
    loaded.mistakes = review_settings(loaded).mistakes;
    return bench.mistakes(loaded);
  };
  CHECK(check("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").empty());
  const std::string wrong = check("my-own-password");
  CHECK(wrong.starts_with("damsync.toml:4: webhook.secret: "));
  CHECK(wrong.find("whsec_") != std::string::npos);
  CHECK(wrong.find("my-own-password") == std::string::npos);
}

TEST_CASE("settings review: lists, terms and certificates that cannot be read are told, each with its line") {
  const SettingsBench bench;
  bench.write("ids", "1\n");
  const std::string at = bench.dir.path().string() + "/";
  const auto text = [&](const std::string& ids) {
    return account("access_token = { env = \"T\" }\n") +
           "[[account]]\nname = \"archive\"\nprovider = \"getty-connect\"\nassets_file = \"" + at + ids +
           "\"\nca_file = \"" + at + "ca.pem\"\n[[agreement]]\nmatch = { account = \"newsroom\" }\nterms_file = \"" +
           at + "terms.pdf\"\n";
  };
  const std::string others =
      "damsync.toml:9: account.ca_file: ca.pem is not there yet\n"
      "damsync.toml:12: agreement.terms_file: terms.pdf is not there yet\n";
  CHECK(found(bench, text("ids")) == "warnings:\n" + others);
  CHECK(found(bench, text("idss")) ==
        "warnings:\ndamsync.toml:8: account.assets_file: idss is not there yet\n" + others);
  std::filesystem::create_directory(bench.dir.path() / "folder");
  CHECK(found(bench, text("folder")) ==
        "damsync.toml:8: account.assets_file: folder is not a regular file\nwarnings:\n" + others);
}

TEST_CASE("settings review: a refresh token that cannot be written back is pointed out") {
  const SettingsBench bench;
  const auto text = [](const std::string& source) {
    return account(
        "access_token = { env = \"T\" }\nclient_id = \"a\"\nclient_secret = { env = \"S\" }\nrefresh_token = " +
        source + "\n");
  };
  CHECK(found(bench, text("{ env = \"R\" }"))
            .find("account.refresh_token: is not a file: a new token, with which providers replace it") !=
        std::string::npos);
  CHECK(found(bench, text("{ file = \"/nowhere/token\" }")).empty());
}

TEST_CASE("settings review: an account that may spend and has no budget is pointed out") {
  const SettingsBench bench;
  const auto text = [](int budget) {
    return "[[account]]\nname = \"desk\"\nprovider = \"getty\"\napi_key = { env = \"A\" }\nclient_secret = { env = "
           "\"B\" "
           "}\nmay_consume = \"once\"\nbudget_per_day = " +
           std::to_string(budget) + "\n";
  };
  const auto warnings = review_settings(bench.load(text(0))).warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].line == 6);
  CHECK(warnings[0].key == "account.may_consume");
  CHECK(warnings[0].problem.find("budget_per_day is 0") != std::string::npos);
  CHECK(review_settings(bench.load(text(5))).warnings.empty());
}

}  // namespace damsync
