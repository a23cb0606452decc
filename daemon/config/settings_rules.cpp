#include "daemon/config/settings_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/config/listen_address.h"
#include "daemon/schedule/week.h"
#include "storage/base/text.h"
#include "storage/files/path_layout.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

class Checks {
 public:
  Checks(const RawSettings& raw, const Settings& settings, std::vector<SettingsMistake>& mistakes)
      : raw_(raw), settings_(settings), mistakes_(mistakes) {}

  void run() {
    check_paths();
    check_places();
    check_accounts();
    check_agreements();
    check_receivers();
  }

 private:
  const RawSection& one(std::string_view name) const {
    return *std::find_if(raw_.sections.begin(), raw_.sections.end(),
                         [&](const auto& s) { return s.spec->name == name; });
  }
  std::vector<const RawSection*> many(std::string_view name) const {
    std::vector<const RawSection*> out;
    for (const auto& section : raw_.sections)
      if (section.spec->name == name) out.push_back(&section);
    return out;
  }
  void fail(const RawSection& section, std::string_view key, std::string problem) {
    mistakes_.push_back(section.mistake(key, std::move(problem)));
    if (mistakes_.back().file.empty()) mistakes_.back().file = settings_.file.string();
  }

  void check_paths() {
    const auto& store = settings_.store.root;
    const auto& catalog = settings_.catalog.path;
    const auto& reports = settings_.audit.directory;
    if (const auto layout = PathLayout::parse(settings_.store.layout); !layout)
      fail(one("store"), "layout", layout.error().message);
    const bool bare_store = store == "/", bare_catalog = catalog == "/";
    if (bare_store) fail(one("store"), "root", "the root of the file system cannot be the store");
    if (bare_catalog) fail(one("catalog"), "path", "expected the path of a file");
    if (bare_store || bare_catalog) return;  // everything lies within
    if (lies_within(catalog, store))
      fail(one("catalog"), "path", fmt::format("lies inside the store {}; keep the two apart", store.string()));
    else if (lies_within(store, catalog))
      fail(one("store"), "root", fmt::format("lies below the catalog file {}", catalog.string()));
    if (lies_within(reports, store))
      fail(one("audit"), "directory", fmt::format("lies inside the store {}; keep the two apart", store.string()));
    else if (lies_within(store, reports))
      fail(one("store"), "root", fmt::format("lies inside the report directory {}", reports.string()));
  }

  void check_places() {
    if (const auto zone = TimeZone::find(settings_.schedule.time_zone); !zone)
      fail(one("schedule"), "time_zone", zone.error().message);
    check_http();
    check_week();
  }

  void check_week() {
    std::vector<WeekSpan> quiet;
    for (const auto& text : settings_.schedule.quiet_hours) {
      const auto span = WeekSpan::parse(text);
      if (span)
        quiet.push_back(*span);
      else
        fail(one("schedule"), "quiet_hours", span.error().message);
    }
    if (cover_whole_week(quiet))
      fail(one("schedule"), "quiet_hours", "no minute of the week is left; expected some time to poll in");
    for (const auto& text : settings_.schedule.bandwidth)
      if (const auto rule = BandwidthRule::parse(text); !rule) fail(one("schedule"), "bandwidth", rule.error().message);
  }

  void check_http() {
    const HttpSettings& http = settings_.http;
    for (const auto& name : http.names)
      if (!is_host_name(name))
        fail(one("http"), "names", fmt::format("'{}' is no host name in small letters, without port", printable(name)));
    if (http.listen.empty()) return;
    const auto address = parse_listen_address(http.listen);
    if (!address)
      fail(one("http"), "listen", address.error().message);
    else if (!address->loopback && !http.allow_remote)
      fail(one("http"), "listen",
           fmt::format("{} can be reached from other machines; expected a loopback address such as "
                       "\"127.0.0.1:9187\", or allow_remote = true beside it",
                       address->text()));
  }

  static bool is_host_name(std::string_view text) {
    return !text.empty() && text.front() != '.' &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
  }

  void check_accounts() {
    const auto sections = many("account");
    const bool all_read = std::none_of(mistakes_.begin(), mistakes_.end(), [](const auto& m) { return m.key.empty(); });
    if (sections.empty() && all_read)
      mistakes_.push_back(
          {settings_.file.string(), 0, "account", "no account is configured; expected at least one [[account]]"});
    for (std::size_t i = 0; i < sections.size() && i < settings_.accounts.size(); ++i)
      check_account(*sections[i], settings_.accounts[i]);
  }

  void check_account(const RawSection& at, const AccountSettings& account) {
    const ProviderSettings& p = account.provider;
    if (!p.account.empty() && !is_safe_id(p.account))
      fail(at, "name", "expected 1 to 64 letters, digits, - and _, because it becomes part of paths");
    for (const auto& host : p.download_hosts)
      if (!is_host_name(host) || host.find('.') == std::string::npos)
        fail(at, "download_hosts",
             fmt::format("'{}' is no host name; expected e.g. \"downloads.example.org\"", printable(host)));
    const std::string& filter = p.license_filter;
    if (!filter.empty() &&
        filter.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", filter.front() == '-' ? 1 : 0) != std::string::npos)
      fail(at, "license_filter", "expected a word such as \"enhanced\", or \"-enhanced\" for all but it");
    if (p.provider == "shutterstock") check_shutterstock(at, account);
    if (p.provider == "getty") pair(at, "username", "password");
    if (p.provider != "getty-connect") return;
    pair(at, "user_id", "user_password");
    if (p.token_header.find("{token}") == std::string::npos)
      fail(at, "token_header", "expected a header value with {token} in it, e.g. \"Digest {token}\"");
  }

  void check_shutterstock(const RawSection& at, const AccountSettings& account) {
    using Kind = SecretRef::Kind;
    if (at.find("access_token") == nullptr && at.find("refresh_token") == nullptr)
      fail(at, "access_token",
           "is missing; licenses can be read with a user's token only (or refresh_token with client_id and "
           "client_secret)");
    if (account.refresh_token.kind != Kind::kNone &&
        (at.find("client_id") == nullptr || at.find("client_secret") == nullptr))
      fail(at, "refresh_token", "needs client_id and client_secret beside it");
    else
      pair(at, "client_id", "client_secret");
    const auto& featured = account.provider.featured_collections;
    if (!std::all_of(featured.begin(), featured.end(), is_safe_id))
      fail(at, "featured_collections", "expected ids such as \"136351027\"");
    if (!featured.empty() && !account.provider.collections)
      fail(at, "featured_collections", "needs collections = true beside it");
  }

  void pair(const RawSection& at, std::string_view a, std::string_view b) {
    const bool has_a = at.find(a) != nullptr, has_b = at.find(b) != nullptr;
    if (has_a && !has_b) fail(at, a, fmt::format("needs {} beside it", b));
    if (has_b && !has_a) fail(at, b, fmt::format("needs {} beside it", a));
  }

  void check_agreements() {
    const auto sections = many("agreement");
    for (std::size_t i = 0; i < sections.size() && i < settings_.agreements.size(); ++i) {
      const Agreement& agreement = settings_.agreements[i];
      if (agreement.start && agreement.end && *agreement.end < *agreement.start)
        fail(*sections[i], "end", "lies before start");
      if (!agreement.account.empty() && !is_account(agreement.account))
        fail(*sections[i], "match", fmt::format("no account is called '{}'", printable(agreement.account)));
    }
  }

  void check_receivers() {
    std::vector<std::string> webhooks;
    const auto sections = many("webhook"), commands = many("command");
    for (std::size_t i = 0; i < sections.size() && i < settings_.webhooks.size(); ++i) {
      check_receiver(*sections[i], settings_.webhooks[i].name, settings_.webhooks[i].filter);
      webhooks.push_back(settings_.webhooks[i].name);
    }
    for (std::size_t i = 0; i < commands.size() && i < settings_.commands.size(); ++i) {
      const std::string& name = settings_.commands[i].name;
      check_receiver(*commands[i], name, settings_.commands[i].filter);
      // Both kinds share one outbox, where the name is the key.
      if (!name.empty() && std::find(webhooks.begin(), webhooks.end(), name) != webhooks.end())
        fail(*commands[i], "name", fmt::format("a [[webhook]] is called '{}' too", printable(name)));
    }
  }

  void check_receiver(const RawSection& at, const std::string& name, const EventFilter& filter) {
    if (!name.empty() && !is_safe_id(name)) fail(at, "name", "expected 1 to 64 letters, digits, - and _");
    for (const auto& account : filter.accounts)
      if (!is_account(account)) fail(at, "accounts", fmt::format("no account is called '{}'", printable(account)));
  }

  [[nodiscard]] bool is_account(const std::string& name) const {
    return std::any_of(settings_.accounts.begin(), settings_.accounts.end(),
                       [&](const AccountSettings& a) { return a.provider.account == name; });
  }

  const RawSettings& raw_;
  const Settings& settings_;
  std::vector<SettingsMistake>& mistakes_;
};

}  // namespace

bool lies_within(const fs::path& path, const fs::path& root) {
  const auto real = [](const fs::path& p) {
    std::error_code error;
    const fs::path out = fs::weakly_canonical(p, error);
    return error ? p.lexically_normal() : out;
  };
  const fs::path inner = real(path), outer = real(root);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

void check_settings(const RawSettings& raw, const Settings& settings, std::vector<SettingsMistake>& mistakes) {
  Checks(raw, settings, mistakes).run();
}

}  // namespace damsync
