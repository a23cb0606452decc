#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "storage/base/secret.h"
#include "sync/providers/provider_settings.h"

namespace damsync {

/// Where a secret is to be had; resolved only by commands that contact a provider or a receiver.
struct SecretRef {
  enum class Kind { kNone, kPlain, kFile, kCredential, kEnv, kCommand };
  Kind kind = Kind::kNone;
  Secret plain;
  std::string name;                  ///< path, credential or variable name
  std::vector<std::string> command;  ///< program and arguments; run without a shell
};

struct StoreSettings {
  std::filesystem::path root = "/var/lib/damsync/store";
  std::vector<std::string> sidecars = {"xmp", "json"};
  std::string layout = "{account}/{shard}/{asset_id}/{name}";
  bool journal = false;
  std::int64_t min_free = std::int64_t{5} << 30;  ///< bytes
};

struct CatalogSettings {
  std::filesystem::path path = "/var/lib/damsync/catalog.db";
};

struct LimitSettings {
  double deletion_brake = 0.05;  ///< share of an account's active assets or held licenses; 50 are always let pass
};

struct AccountSettings {
  ProviderSettings provider;  ///< everything but the secrets, which are resolved into it
  SecretRef access_token, refresh_token, client_secret, api_key, password;
};

/// The whole of `damsync.toml` and `conf.d/*.toml`, checked: immutable once loaded.
struct Settings {
  std::filesystem::path file;  ///< as given, for messages
  StoreSettings store;
  CatalogSettings catalog;
  LimitSettings limits;
  std::vector<AccountSettings> accounts;
};

}  // namespace damsync
