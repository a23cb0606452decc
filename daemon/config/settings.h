#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/schedule/time_zone.h"
#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "storage/base/secret.h"
#include "sync/agreement/agreement.h"
#include "sync/deliver/event_filter.h"
#include "sync/providers/provider_settings.h"
#include "sync/sidecar/sidecar.h"

namespace damsync {

/// Where a secret is to be had; resolved only by commands that contact a provider or a receiver.
struct SecretRef {
  enum class Kind { kNone, kPlain, kFile, kCredential, kEnv, kCommand };
  Kind kind = Kind::kNone;
  Secret plain;
  std::string name;                        ///< path, credential or variable name
  std::vector<std::string> command;        ///< program and arguments; run without a shell
  std::vector<std::string> withheld = {};  ///< variables that it does not get; see `withhold_variables`
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
  std::int64_t backups = 7;  ///< nightly copies kept; 0: none
};

/// When things happen by themselves. Times of day are minutes after local midnight in `zone`.
struct ScheduleSettings {
  Millis poll_interval = std::chrono::minutes(15);
  std::chrono::minutes audit_at{2 * 60 + 30};
  std::chrono::minutes verify_at{3 * 60 + 30};
  std::string time_zone;  ///< IANA name; empty: the system's
  TimeZone zone;          ///< that one, as it was found when the settings were read
  std::int64_t verify_days = 30;
  Millis verify_budget = std::chrono::hours(4);
  std::vector<std::string> quiet_hours;  ///< in the notation of `WeekSpan`
  std::vector<std::string> bandwidth;    ///< in the notation of `BandwidthRule`
};

struct AuditSettings {
  std::filesystem::path directory = "/var/lib/damsync/reports";
  std::filesystem::path waivers;   ///< empty: none
  std::vector<std::string> users;  ///< empty: not checked
  std::vector<std::int64_t> expiring_days = {30, 60, 90};
  double quota_low = 0.1;                         ///< share of the plan's quota
  SecretRef signing_key;                          ///< Ed25519, PEM
  std::string timestamp_url;                      ///< RFC 3161 authority; empty: none
  std::optional<std::int64_t> keep_days;          ///< for `audit prune`; empty: nothing is ever removed
  std::vector<std::string> command, pdf_command;  ///< run without a shell; empty: none
  Millis time_limit = std::chrono::minutes(5);    ///< of each of them
};

struct HttpSettings {
  std::string listen = "127.0.0.1:9187";  ///< empty: switched off
  bool allow_remote = false;              ///< an address that other machines reach may be listened on
  std::vector<std::string> names;         ///< host names that requests may use besides the address itself
};

struct LimitSettings {
  double deletion_brake = 0.05;  ///< share of an account's active assets or held licenses; 50 are always let pass
};

struct AccountSettings {
  ProviderSettings provider;  ///< everything but the secrets, which are resolved into it
  SecretRef access_token, refresh_token, client_secret, api_key, password;
  SecretRef application_key, application_secret, user_password;  ///< `getty-connect`
  bool project_required = false;                                 ///< a license without a project is a finding
  bool may_consume = false;                                      ///< calls that use up download quota are allowed, once
  std::int64_t budget_per_day = 0;                               ///< upper bound on such calls
};

/// A receiver of events by signed HTTP POST.
struct WebhookSettings {
  std::string name;
  std::string url;
  SecretRef secret, previous_secret;
  EventFilter filter;
  bool private_network = false;   ///< the URL may lead to a private address
  std::filesystem::path ca_file;  ///< PEM, besides the system's; empty: none
};

/// A receiver of events as a local program: one event on its standard input.
struct CommandSettings {
  std::string name;
  std::vector<std::string> run;  ///< program and arguments, without a shell
  EventFilter filter;
  Millis time_limit = std::chrono::seconds(30);
};

/// The whole of `damsync.toml` and `conf.d/*.toml`, checked: immutable once loaded.
struct Settings {
  std::filesystem::path file;  ///< as given, for messages
  StoreSettings store;
  CatalogSettings catalog;
  ScheduleSettings schedule;
  AuditSettings audit;
  HttpSettings http;
  LimitSettings limits;
  std::vector<AccountSettings> accounts;
  OperatorFacts house;  ///< `[rights]`
  std::vector<Agreement> agreements;
  std::vector<WebhookSettings> webhooks;
  std::vector<CommandSettings> commands;
};

}  // namespace damsync
