#include <doctest/doctest.h>

#include "tests/unit/daemon/settings_bench.h"

namespace damsync {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// What the manual shows, every section and every provider.
constexpr const char* kEverything = R"(
[store]
root      = "/srv/dam"
sidecars  = ["xmp", "json", "json-ld"]
layout    = "{account}/{asset_id}/{name}"
journal   = true
min_free  = "1GiB"
[catalog]
path      = "/var/lib/damsync/catalog.db"
backups   = 0
[schedule]
poll_interval = "1s"
audit_at      = "02:31"
time_zone     = "Europe/Berlin"
verify_at     = "23:59"
verify_days   = 7
verify_budget = "90m"
quiet_hours   = ["Mon-Fri 08:00-18:00", "Sun 00:00-24:00"]
bandwidth     = ["daily 08:00-18:00 2MiB/s"]
[audit]
directory     = "/var/lib/damsync/reports"
waivers       = "/etc/damsync/waivers.toml"
users         = ["anna", "ben"]
expiring_days = [30, 60]
quota_low     = "10%"
signing_key   = { file = "/etc/damsync/secrets/key.pem" }
[[agreement]]
match     = { account = "newsroom", license_type = "enhanced" }
licensee  = "Example Media Ltd"
licensee_id = "EML-17"
region_limit = "Europe only"
media_limit = "Print only"
start     = 2024-01-01
end       = 2026-12-31
terms_url = "https://example.org/terms"
terms_file = "/etc/damsync/terms/2024.pdf"
[http]
listen    = "127.0.0.1:9187"
[limits]
deletion_brake = "7.5%"
[rights]
copyright_notice = "All rights reserved"
credit_required = false
data_mining = "DMI-PROHIBITED"
[[account]]
name         = "newsroom"
provider     = "shutterstock"
base_url     = "http://127.0.0.1:8080/"
access_token = { file = "/etc/damsync/secrets/newsroom.token" }
refresh_token = { env = "REFRESH" }
token_url    = "https://api.shutterstock.com/v2/oauth/access_token"
client_id     = "abc"
client_secret = { credential = "newsroom-secret" }
team_history = true
collections  = true
featured_collections = ["136351027"]
project_required = true
concurrency         = 64
requests_per_second = 10000
ca_file      = "/etc/ssl/own-ca.pem"
since        = "2019-01-01"
license_filter = "-standard"
language     = "de"
overlap      = "90m"
recheck_days = 7
download_hosts = ["downloads.example.org"]
[[account]]
name         = "photo-desk"
provider     = "getty"
base_url     = "https://api.gettyimages.com"
token_url    = "https://authentication.gettyimages.com/oauth2/token"
api_key      = { env = "GETTY_API_KEY" }
client_secret = { file = "/etc/damsync/secrets/getty" }
username     = "desk"
password     = { command = ["pass", "getty"] }
company_downloads = true
history_dialect   = "start_date"
may_consume       = "once"
budget_per_day    = 3
[[account]]
name      = "archive"
provider  = "getty-connect"
base_url  = "https://connect.gettyimages.com"
application_key    = { file = "/k" }
application_secret = { file = "/s" }
user_id       = "u"
token_header  = "Bearer {token}"
user_password = { file = "/p" }
assets_file   = "/etc/damsync/archive.ids"
[[webhook]]
name   = "cms"
url    = "https://cms.example.org/hooks/damsync"
secret = { credential = "cms-hook" }
previous_secret = { credential = "cms-hook-old" }
events = ["asset.*", "license.*"]
[[command]]
name = "reindex"
run = ["/usr/local/bin/reindex"]
time_limit = "1m"
)";

}  // namespace

TEST_CASE("settings: every documented key is accepted and reaches its struct") {
  const SettingsBench bench;
  const LoadedSettings loaded = bench.load(kEverything);

  CHECK(bench.mistakes(loaded) == "");
  const Settings& s = loaded.settings;
  CHECK(s.store.root == "/srv/dam");
  CHECK(s.store.sidecars.size() == 3);
  CHECK(s.store.layout == "{account}/{asset_id}/{name}");
  CHECK(s.store.journal);
  CHECK(s.store.min_free == std::int64_t{1} << 30);
  CHECK(s.schedule.poll_interval == std::chrono::seconds(1));
  CHECK(s.schedule.audit_at == std::chrono::minutes(151));
  CHECK(s.schedule.verify_at == std::chrono::minutes(1439));
  CHECK(s.schedule.time_zone == "Europe/Berlin");
  CHECK(s.schedule.verify_days == 7);
  CHECK(s.schedule.verify_budget == std::chrono::minutes(90));
  CHECK(s.schedule.quiet_hours.size() == 2);
  CHECK(s.schedule.bandwidth.size() == 1);
  CHECK(s.catalog.backups == 0);
  CHECK(s.audit.waivers == "/etc/damsync/waivers.toml");
  CHECK(s.audit.users == std::vector<std::string>{"anna", "ben"});
  CHECK(s.audit.expiring_days == std::vector<std::int64_t>{30, 60});
  CHECK(s.audit.quota_low == doctest::Approx(0.1));
  CHECK(s.audit.signing_key.kind == SecretRef::Kind::kFile);
  CHECK(s.limits.deletion_brake == doctest::Approx(0.075));
  REQUIRE(s.agreements.size() == 1);
  CHECK(s.agreements[0].account == "newsroom");
  CHECK(s.agreements[0].license_type == "enhanced");
  CHECK(s.agreements[0].licensee_id == "EML-17");
  CHECK(s.agreements[0].region_limit == "Europe only");
  CHECK(s.agreements[0].media_limit == "Print only");
  CHECK(s.house.copyright_notice == "All rights reserved");
  CHECK(s.house.credit_required == false);
  CHECK(s.house.data_mining == "DMI-PROHIBITED");
  CHECK(s.agreements[0].end == std::chrono::sys_days(std::chrono::year(2026) / 12 / 31));
  REQUIRE(s.webhooks.size() == 1);
  CHECK(s.webhooks[0].previous_secret.name == "cms-hook-old");
  REQUIRE(s.commands.size() == 1);
  CHECK(s.commands[0].time_limit == std::chrono::minutes(1));
  REQUIRE(s.accounts.size() == 3);
  const AccountSettings& first = s.accounts[0];
  CHECK(first.provider.base_url == "http://127.0.0.1:8080");
  CHECK(first.provider.requests_per_second == 10000);
  CHECK(first.provider.concurrency == 64);
  CHECK(first.provider.overlap == std::chrono::hours(2));
  CHECK(first.provider.recheck == std::chrono::hours(24 * 7));
  CHECK(first.provider.since == std::chrono::sys_days(std::chrono::year(2019) / 1 / 1));
  CHECK(first.provider.license_filter == "-standard");
  CHECK(first.provider.team_history);
  CHECK(first.provider.collections);
  CHECK(first.provider.featured_collections == std::vector<std::string>{"136351027"});
  CHECK(first.project_required);
  CHECK(first.client_secret.kind == SecretRef::Kind::kCredential);
  CHECK(first.refresh_token.kind == SecretRef::Kind::kEnv);
  CHECK(s.accounts[1].password.command == std::vector<std::string>{"pass", "getty"});
  CHECK(s.accounts[1].may_consume);
  CHECK(s.accounts[1].budget_per_day == 3);
  CHECK(s.accounts[1].provider.history_dialect == "start_date");
  CHECK(s.accounts[2].provider.assets_file == "/etc/damsync/archive.ids");
  CHECK(s.accounts[2].user_password.name == "/p");
  CHECK(s.accounts[2].provider.user_id == "u");
  CHECK(s.accounts[2].provider.token_header == "Bearer {token}");
}

TEST_CASE("settings: one account is enough, everything else has a default") {
  const SettingsBench bench;
  const LoadedSettings loaded = bench.load(kMinimal);

  CHECK(bench.mistakes(loaded) == "");
  const Settings& s = loaded.settings;
  const Settings untouched;
  CHECK(s.store.root == untouched.store.root);
  CHECK(s.store.sidecars == untouched.store.sidecars);
  CHECK(s.store.layout == untouched.store.layout);
  CHECK(s.store.min_free == untouched.store.min_free);
  CHECK(s.catalog.path == untouched.catalog.path);
  CHECK(s.schedule.poll_interval == untouched.schedule.poll_interval);
  CHECK(s.schedule.audit_at == untouched.schedule.audit_at);
  CHECK(s.schedule.verify_at == untouched.schedule.verify_at);
  CHECK(s.audit.directory == untouched.audit.directory);
  CHECK(s.audit.expiring_days == untouched.audit.expiring_days);
  CHECK(s.audit.quota_low == doctest::Approx(untouched.audit.quota_low));
  CHECK(s.http.listen == untouched.http.listen);
  CHECK(s.limits.deletion_brake == doctest::Approx(untouched.limits.deletion_brake));
  REQUIRE(s.accounts.size() == 1);
  const ProviderSettings fresh;
  const ProviderSettings& p = s.accounts[0].provider;
  CHECK(p.base_url == "https://api.shutterstock.com");
  CHECK(p.concurrency == fresh.concurrency);
  CHECK(p.requests_per_second == fresh.requests_per_second);
  CHECK(p.overlap == fresh.overlap);
  CHECK(p.recheck == fresh.recheck);
  CHECK(!p.since);
}

TEST_CASE("C1 settings: each mistake is named with file, line, key and what is expected") {
  struct Row {
    const char* what;
    std::string text;
    std::vector<std::string> expected;
  };
  const std::string account = kMinimal;
  const std::vector<Row> rows = {
      {"unknown key",
       "[store]\nmin_fre = \"1GiB\"\n",
       {"damsync.toml:2: store.min_fre: unknown key; nearest known key: min_free"}},
      {"a key like none", "[store]\nxylophone_color = 1\n", {"damsync.toml:2: store.xylophone_color: unknown key\n"}},
      {"unknown section", "[stor]\nroot = \"/x\"\n", {"damsync.toml:1: stor: unknown section; nearest known: [store]"}},
      {"key of another section",
       "[store]\npoll_interval = \"1m\"\n",
       {"damsync.toml:2: store.poll_interval", "belongs to [schedule]"}},
      {"key outside of sections", "min_free = \"1GiB\"\n", {"damsync.toml:1: min_free", "it belongs to [store]"}},
      {"wrong type",
       "[store]\njournal = \"yes\"\n",
       {"damsync.toml:2: store.journal: text is the wrong type; expected true or false"}},
      {"number for a size",
       "[store]\nmin_free = 5\n",
       {"damsync.toml:2: store.min_free: an integer is the wrong type; expected a size"}},
      {"duration without a unit",
       "[schedule]\npoll_interval = \"15\"\n",
       {"damsync.toml:2: schedule.poll_interval: '15' is not a duration"}},
      {"too short",
       "[schedule]\npoll_interval = \"999ms\"\n",
       {"damsync.toml:2: schedule.poll_interval: 999ms is out of range", "from 1s to 7d"}},
      {"time of day",
       "[schedule]\naudit_at = \"24:00\"\n",
       {"damsync.toml:2: schedule.audit_at: '24:00' is not a time of day"}},
      {"time zone",
       "[schedule]\ntime_zone = \"Europe/Nowhere\"\n",
       {"damsync.toml:2: schedule.time_zone", "no time zone"}},
      {"a name that is a file of the database, but no zone",
       "[schedule]\ntime_zone = \"tzdata.zi\"\n",
       {"damsync.toml:2: schedule.time_zone", "no time zone"}},
      {"quiet hours",
       "[schedule]\nquiet_hours = [\"Mon-Fri 8-18\"]\n",
       {"damsync.toml:2: schedule.quiet_hours: 'Mon-Fri 8-18' names no hours"}},
      {"no time left to poll in",
       "[schedule]\nquiet_hours = [\"daily 00:00-12:00\", \"daily 12:00-24:00\"]\n",
       {"damsync.toml:2: schedule.quiet_hours: no minute of the week is left"}},
      {"bandwidth without a rate",
       "[schedule]\nbandwidth = [\"Mon-Fri 08:00-18:00\"]\n",
       {"damsync.toml:2: schedule.bandwidth", "2MiB/s"}},
      {"share",
       "[limits]\ndeletion_brake = 0.05\n",
       {"damsync.toml:2: limits.deletion_brake", "expected a share such as \"5%\""}},
      {"share too large", "[audit]\nquota_low = \"101%\"\n", {"damsync.toml:2: audit.quota_low"}},
      {"word",
       "[store]\nsidecars = [\"xml\"]\n",
       {"damsync.toml:2: store.sidecars: 'xml' is not known", "xmp, json, json-ld"}},
      {"mixed list", "[audit]\nexpiring_days = [30, \"x\"]\n", {"damsync.toml:2: audit.expiring_days"}},
      {"layout", "[store]\nlayout = \"{nope}\"\n", {"damsync.toml:2: store.layout"}},
      {"table for an array of tables",
       "[webhook]\nname = \"x\"\n",
       {"damsync.toml:1: webhook: expected a list of tables: write [[webhook]]"}},
      {"array of tables for a table",
       "[[store]]\nroot = \"/x\"\n",
       {"damsync.toml:1: store: expected one table: write [store]"}},
      {"listen", "[http]\nlisten = \"9187\"\n", {"damsync.toml:2: http.listen"}},
      {"L6 every address of the machine",
       "[http]\nlisten = \"0.0.0.0:9187\"\n",
       {"damsync.toml:2: http.listen: 0.0.0.0:9187 can be reached from other machines"}},
      {"names", "[http]\nnames = [\"DAM:80\"]\n", {"damsync.toml:2: http.names: 'DAM:80' is no host name"}},
      {"event",
       "[[webhook]]\nname = \"w\"\nurl = \"https://x.org/\"\nsecret = {env = \"A\"}\nevents = [\"asset.gone\"]\n",
       {"damsync.toml:5: webhook.events: 'asset.gone' is not known"}},
      {"syntax", "[store\nroot = 1\n", {"damsync.toml:1: not valid TOML"}},
      {"doubled key", "[store]\njournal = true\njournal = true\n", {"damsync.toml:3: not valid TOML"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const SettingsBench bench;
    const std::string got = bench.mistakes(bench.load(row.text + account));
    CAPTURE(got);
    for (const auto& part : row.expected) CHECK(holds(got, part));
  }
}

TEST_CASE("C1 settings: no mistake hides another") {
  const SettingsBench bench;
  const std::string got = bench.mistakes(
      bench.load(std::string("[store]\nroot = \"/\"\nlayout = \"{nope}\"\n[catalog]\npath = \"/\"\n"
                             "[schedule]\nquiet_hours = [\"never\", \"always\"]\nbandwidth = [\"fast\"]\n") +
                 kMinimal));
  CAPTURE(got);
  for (const char* part : {"store.root", "store.layout", "catalog.path", "'never' names no hours",
                           "'always' names no hours", "schedule.bandwidth: 'fast'"})
    CHECK(holds(got, part));
}

TEST_CASE("C1 settings: mistakes of accounts are named") {
  struct Row {
    const char* what;
    std::string text;
    std::string expected;
  };
  const std::string base = "[[account]]\nname = \"a\"\nprovider = \"shutterstock\"\naccess_token = { env = \"T\" }\n";
  const std::string getty =
      "[[account]]\nname = \"g\"\nprovider = \"getty\"\napi_key = { env = \"K\" }\nclient_secret = { env = \"S\" }\n";
  const std::vector<Row> rows = {
      {"concurrency too low", base + "concurrency = 0\n",
       "damsync.toml:5: account.concurrency: 0 is out of range; expected an integer from 1 to 64"},
      {"concurrency too high", base + "concurrency = 65\n", "damsync.toml:5: account.concurrency: 65 is out of range"},
      {"rate", base + "requests_per_second = 0\n",
       "damsync.toml:5: account.requests_per_second: 0 is out of range; expected a number from 0.01 to 10000"},
      {"infinite rate", base + "requests_per_second = inf\n", "not a finite number"},
      {"since", base + "since = \"2019-02-30\"\n", "damsync.toml:5: account.since: '2019-02-30' is not a date"},
      {"foreign key", base + "company_downloads = true\n",
       "damsync.toml:5: account.company_downloads: does not belong to provider shutterstock; it is a key of getty"},
      {"foreign key of getty", getty + "team_history = true\n",
       "does not belong to provider getty; it is a key of shutterstock"},
      {"unknown provider", "[[account]]\nname = \"a\"\nprovider = \"istock\"\n",
       "damsync.toml:3: account.provider: 'istock' is not known; expected a text of shutterstock, getty, "
       "getty-connect"},
      {"no provider", "[[account]]\nname = \"a\"\n", "damsync.toml:1: account.provider: is missing"},
      {"no name", "[[account]]\nprovider = \"shutterstock\"\naccess_token = { env = \"T\" }\n",
       "damsync.toml:1: account.name: is missing"},
      {"hostile name", "[[account]]\nname = \"../x\"\nprovider = \"shutterstock\"\naccess_token = { env = \"T\" }\n",
       "damsync.toml:2: account.name: expected 1 to 64 letters"},
      {"no token", "[[account]]\nname = \"a\"\nprovider = \"shutterstock\"\n",
       "damsync.toml:1: account.access_token: is missing"},
      {"getty without key", "[[account]]\nname = \"g\"\nprovider = \"getty\"\nclient_secret = { env = \"S\" }\n",
       "account.api_key: is missing"},
      {"getty without secret", "[[account]]\nname = \"g\"\nprovider = \"getty\"\napi_key = { env = \"S\" }\n",
       "account.client_secret: is missing"},
      {"username alone", getty + "username = \"x\"\n", "damsync.toml:6: account.username: needs password beside it"},
      {"client id alone", base + "client_id = \"x\"\n",
       "damsync.toml:5: account.client_id: needs client_secret beside it"},
      {"refresh alone", base + "refresh_token = { env = \"R\" }\n",
       "damsync.toml:5: account.refresh_token: needs client_id and client_secret"},
      {"connect without assets", "[[account]]\nname = \"c\"\nprovider = \"getty-connect\"\n",
       "account.assets_file: is missing"},
      {"connect without a place for the token",
       "[[account]]\nname = \"c\"\nprovider = \"getty-connect\"\ntoken_header = \"Digest\"\n",
       "damsync.toml:4: account.token_header: expected a header value with {token} in it"},
      {"doubled name", base + base, "damsync.toml:6: account.name: 'a' is used twice"},
      {"a mistake behind a doubled name", base + base + "sincee = \"2019-01-01\"\n",
       "damsync.toml:9: account.sincee: unknown key; nearest known key: since"},
      {"secret from two places", base + "client_id = \"x\"\nclient_secret = { env = \"A\", file = \"/b\" }\n",
       "damsync.toml:6: account.client_secret: a secret comes from exactly one place"},
      {"secret from nowhere known", base + "client_id = \"x\"\nclient_secret = { vault = \"A\" }\n",
       "'vault' is no source of secrets"},
      {"secret file relative", base + "client_id = \"x\"\nclient_secret = { file = \"b\" }\n",
       "the path of the file is relative"},
      {"download host", base + "download_hosts = [\"https://x.org\"]\n",
       "damsync.toml:5: account.download_hosts: 'https://x.org' is no host name"},
      {"hostile collection", base + "collections = true\nfeatured_collections = [\"../1\"]\n",
       "damsync.toml:6: account.featured_collections: expected ids such as"},
      {"featured collections alone", base + "featured_collections = [\"1\"]\n",
       "damsync.toml:5: account.featured_collections: needs collections = true"},
      {"agreement of nobody", base + "[[agreement]]\nmatch = { account = \"nobody\" }\n",
       "damsync.toml:6: agreement.match: no account is called 'nobody'"},
      {"agreement that ends before it starts",
       base + "[[agreement]]\nmatch = { account = \"a\" }\nstart = 2024-02-01\nend = 2024-01-01\n",
       "damsync.toml:8: agreement.end: lies before start"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const SettingsBench bench;
    const std::string got = bench.mistakes(bench.load(row.text));
    CAPTURE(got);
    CHECK(holds(got, row.expected));
  }
}

TEST_CASE("C1 settings: a value at the edge of its range is accepted") {
  for (const char* line : {"concurrency = 1", "concurrency = 64", "requests_per_second = 0.01",
                           "requests_per_second = 10000", "recheck_days = 1", "overlap = \"1h\""}) {
    CAPTURE(line);
    const SettingsBench bench;
    CHECK(bench.mistakes(bench.load(std::string(kMinimal) + line + "\n")) == "");
  }
}

TEST_CASE("C1 settings: all mistakes are reported together, in the order of the files") {
  const SettingsBench bench;
  bench.write("conf.d/20.toml", "[catalog]\npath = \"x\"\n");
  const LoadedSettings loaded = bench.load("[store]\nroot = \"x\"\njournal = 1\nnope = 2\n");
  CHECK(loaded.mistakes.size() == 5);
  CHECK(bench.mistakes(loaded).rfind("damsync.toml: account: no account is configured", 0) == 0);
  CHECK(holds(bench.mistakes(loaded), "conf.d/20.toml:2: catalog.path: 'x' is a relative path"));
  CHECK(loaded.error().code == ErrorCode::kSettings);
  CHECK(holds(loaded.error().message, "5 mistakes"));
}

TEST_CASE("C1 settings: what is not a settings file is refused") {
  const SettingsBench bench;
  CHECK(holds(bench.mistakes(bench.load("")), "no account is configured"));
  CHECK(holds(bench.mistakes(bench.load(std::string("a\0b", 3))), "is not UTF-8 text"));
  CHECK(holds(bench.mistakes(bench.load("# \xff\xfe\n")), "is not UTF-8 text"));
  CHECK(holds(bench.mistakes(bench.load(std::string(10 << 20, '#'))), "larger than 1 MiB"));
  CHECK(holds(bench.mistakes(load_settings(bench.dir.path() / "absent.toml")),
              "absent.toml: cannot be opened: No such file"));
  CHECK(holds(bench.mistakes(load_settings(bench.dir.path())), "is not a regular file"));
  const std::string fifo = bench.dir / "fifo.toml";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(holds(bench.mistakes(load_settings(fifo)), "is not a regular file"));
}

TEST_CASE("C2 settings: dangerous addresses and paths are refused") {
  struct Row {
    std::string text;
    std::string expected;
  };
  const std::string base = kMinimal;
  const std::vector<Row> rows = {
      {base + "base_url = \"http://api.shutterstock.com\"\n",
       "account.base_url: plain http is refused except to a loopback address"},
      {base + "base_url = \"http://127.evil.org\"\n", "account.base_url: plain http is refused"},
      {base + "base_url = \"http://10.0.0.1\"\n", "account.base_url: plain http is refused"},
      {base + "base_url = \"ftp://x.org\"\n", "account.base_url: not a usable address"},
      {base + "base_url = \"https://x.org/?a=1\"\n", "account.base_url: a query or fragment does not belong here"},
      {base + "verify = \"off\"\n", "account.verify: unknown key"},
      {"[store]\nroot = \"store\"\n" + base,
       "damsync.toml:2: store.root: 'store' is a relative path; expected an absolute path"},
      {"[store]\nroot = \"/\"\n" + base, "damsync.toml:2: store.root: the root of the file system cannot be the store"},
      {"[store]\nroot = \"/tmp/..\"\n" + base,
       "damsync.toml:2: store.root: the root of the file system cannot be the store"},
      {"[store]\nroot = \"/srv/d\"\n[catalog]\npath = \"/srv/d/state/c.db\"\n" + base,
       "damsync.toml:4: catalog.path: lies inside the store /srv/d"},
      {"[store]\nroot = \"/srv/c.db/x\"\n[catalog]\npath = \"/srv/c.db\"\n" + base,
       "damsync.toml:2: store.root: lies below the catalog file"},
      {"[store]\nroot = \"/srv/d\"\n[audit]\ndirectory = \"/srv/d/r\"\n" + base,
       "damsync.toml:4: audit.directory: lies inside the store"},
      {"[store]\nroot = \"/srv/r/d\"\n[audit]\ndirectory = \"/srv/r\"\n" + base,
       "damsync.toml:2: store.root: lies inside the report directory"},
      {"[[webhook]]\nname = \"w\"\nurl = \"http://cms.example.org\"\nsecret = { env = \"A\" }\n" + base,
       "webhook.url: plain http is refused"},
  };
  for (const Row& row : rows) {
    const SettingsBench bench;
    const std::string got = bench.mistakes(bench.load(row.text));
    CAPTURE(row.text);
    CAPTURE(got);
    CHECK(holds(got, row.expected));
  }
  for (const char* url : {"http://127.0.0.1:1", "http://localhost", "http://[::1]:8080", "https://10.0.0.1"}) {
    const SettingsBench bench;
    CHECK(bench.mistakes(bench.load(base + "base_url = \"" + url + "\"\n")) == "");
  }
}

TEST_CASE("settings: files in conf.d come later in name order and the last value wins") {
  const SettingsBench bench;
  bench.write("conf.d/20-more.toml", "[store]\nmin_free = \"3GiB\"\n");
  bench.write("conf.d/10-first.toml",
              "[store]\nmin_free = \"2GiB\"\njournal = true\n[[account]]\nname = \"newsroom\"\nconcurrency = 2\n");
  bench.write("conf.d/30-second.toml",
              "[[account]]\nname = \"other\"\nprovider = \"shutterstock\"\naccess_token = { env = \"T\" }\n");
  bench.write("conf.d/.hidden.toml", "garbage");
  bench.write("conf.d/40.toml.bak", "garbage");
  const LoadedSettings loaded = bench.load(kMinimal);

  CHECK(bench.mistakes(loaded) == "");
  CHECK(loaded.settings.store.min_free == std::int64_t{3} << 30);
  CHECK(loaded.settings.store.journal);
  REQUIRE(loaded.settings.accounts.size() == 2);
  CHECK(loaded.settings.accounts[0].provider.concurrency == 2);
  CHECK(loaded.settings.accounts[0].access_token.kind == SecretRef::Kind::kFile);
  CHECK(loaded.settings.accounts[1].provider.account == "other");
  CHECK(loaded.files.size() == 4);
}

TEST_CASE("S1 settings: a plain secret is accepted only in a file that nobody but the owner can read") {
  const std::string text = "[[account]]\nname = \"a\"\nprovider = \"shutterstock\"\naccess_token = \"hush-hush\"\n";
  const SettingsBench bench;
  for (const mode_t mode : {0644, 0640, 0604}) {
    const LoadedSettings open = load_settings(bench.write("damsync.toml", text, mode));
    CHECK(holds(bench.mistakes(open),
                "damsync.toml:4: account.access_token: a plain secret in a file that others can read"));
    CHECK(!holds(bench.mistakes(open), "hush-hush"));
  }
  const LoadedSettings closed = load_settings(bench.write("damsync.toml", text, 0600));
  CHECK(bench.mistakes(closed) == "");
  CHECK(closed.settings.accounts.at(0).access_token.plain.reveal() == "hush-hush");
}

}  // namespace damsync
