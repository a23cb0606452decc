#include "daemon/cli/list_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "storage/base/text.h"
#include "storage/catalog/catalog.h"

namespace damsync {
namespace {

struct Names {
  std::set<std::string> accounts, providers;
};

/// The catalog keeps accounts that the settings name no more.
Names known_names(const Settings& settings, Database* db) {
  Names known;
  for (const auto& account : settings.accounts) {
    known.accounts.insert(account.provider.account);
    known.providers.insert(account.provider.provider);
  }
  if (db == nullptr) return known;
  const Catalog catalog(*db);
  for (const auto& account : catalog.accounts()) {
    known.accounts.insert(account);
    ListFilter one;
    one.account = account;
    one.limit = 1;
    catalog.list_assets(one, [&](const AssetRow& asset) { return known.providers.insert(asset.provider), false; });
  }
  return known;
}

Status check_name(const char* kind, const std::string& name, const std::set<std::string>& known) {
  if (name.empty() || known.contains(name)) return {};
  return make_error(ErrorCode::kUsage,
                    fmt::format("no {} is called '{}'; there is {}", kind, printable(name), fmt::join(known, ", ")));
}

}  // namespace

Status check_list_names(const Settings& settings, Database* db, const std::string& account,
                        const std::string& provider) {
  if (account.empty() && provider.empty()) return {};
  const Names known = known_names(settings, db);
  if (auto fine = check_name("account", account, known.accounts); !fine) return fine;
  return check_name("provider", provider, known.providers);
}

}  // namespace damsync
