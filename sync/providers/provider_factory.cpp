#include "sync/providers/provider_factory.h"

#include <fmt/format.h>

#include "sync/providers/account_access.h"
#include "sync/providers/getty/getty_access.h"
#include "sync/providers/getty/getty_connection.h"
#include "sync/providers/getty_connect/connect_access.h"
#include "sync/providers/getty_connect/getty_connect_connection.h"
#include "sync/providers/shutterstock/shutterstock_access.h"
#include "sync/providers/shutterstock/shutterstock_connection.h"

namespace damsync {
namespace {

Result<TransportSettings> transport_of(const ProviderSettings& settings) {
  auto base = Url::parse(settings.base_url);
  if (!base)
    return make_error(ErrorCode::kSettings,
                      fmt::format("account '{}': base_url: {}", settings.account, base.error().message));
  TransportSettings transport;
  transport.base_url = std::move(*base);
  transport.allowed_hosts = settings.download_hosts;
  transport.ca_file = settings.ca_file;
  transport.user_agent = "damsync/" DAMSYNC_VERSION " (+https://damsync.org)";
  return transport;
}

Error no_provider(const ProviderSettings& settings) {
  return make_error(ErrorCode::kSettings,
                    fmt::format("account '{}': there is no provider '{}'", settings.account, settings.provider));
}

}  // namespace

Result<std::unique_ptr<AccountConnection>> make_connection(const ProviderSettings& settings, Clock& clock, Log& log) {
  auto transport = transport_of(settings);
  if (!transport) return transport.error();
  if (settings.provider == "shutterstock")
    return make_shutterstock_connection(settings, std::move(*transport), clock, log);
  if (settings.provider == "getty") return make_getty_connection(settings, std::move(*transport), clock, log);
  if (settings.provider == "getty-connect")
    return make_getty_connect_connection(settings, std::move(*transport), clock, log);
  return no_provider(settings);
}

Result<std::unique_ptr<AccountAccess>> make_account_access(const ProviderSettings& settings, Clock& clock, Log& log) {
  auto transport = transport_of(settings);
  if (!transport) return transport.error();
  if (settings.provider == "shutterstock") return make_shutterstock_access(settings, std::move(*transport), clock, log);
  if (settings.provider == "getty") return make_getty_access(settings, std::move(*transport), clock, log);
  if (settings.provider == "getty-connect")
    return make_getty_connect_access(settings, std::move(*transport), clock, log);
  return no_provider(settings);
}

}  // namespace damsync
