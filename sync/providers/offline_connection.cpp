#include "sync/providers/offline_connection.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "sync/providers/getty/getty_provider.h"
#include "sync/providers/getty_connect/getty_connect_provider.h"
#include "sync/providers/shutterstock/shutterstock_provider.h"

namespace damsync {
namespace {

Error refused() {
  return make_error(ErrorCode::kInternal, "a command that contacts no provider was about to contact one");
}

class OfflineProvider final : public Provider, public PlanSource {
 public:
  OfflineProvider(std::string name, Capabilities capabilities)
      : name_(std::move(name)), capabilities_(std::move(capabilities)) {}

  std::string_view name() const override { return name_; }
  const Capabilities& capabilities() const override { return capabilities_; }
  Result<Page> poll(const PollRequest&, std::stop_token) override { return refused(); }
  Status confirm(const std::string&, std::stop_token) override { return refused(); }
  Result<Descriptions> describe(std::span<const std::string>, std::stop_token) override { return refused(); }
  Result<std::optional<DescribedAsset>> recheck(const std::string&, const std::string&, std::stop_token) override {
    return refused();
  }
  Result<DownloadSource> refetch(const License&, std::stop_token) override { return refused(); }
  Result<bool> still_listed(const License&, std::stop_token) override { return refused(); }
  Result<std::vector<Plan>> plans(std::stop_token) override { return refused(); }

 private:
  std::string name_;
  Capabilities capabilities_;
};

class OfflineTransport final : public HttpTransport {
 public:
  Result<HttpResponse> send(const HttpRequest&, BodySink*, std::stop_token) override { return refused(); }
};

class OfflineConnection final : public AccountConnection {
 public:
  OfflineConnection(std::string name, Capabilities capabilities)
      : provider_(std::move(name), std::move(capabilities)) {}

  Provider& provider() override { return provider_; }
  HttpTransport& downloads() override { return transport_; }
  const CallCounter& calls() const override { return calls_; }
  PlanSource& plans() override { return provider_; }

 private:
  OfflineProvider provider_;
  OfflineTransport transport_;
  CallCounter calls_;
};

}  // namespace

std::optional<Capabilities> capabilities_of(const std::string& provider) {
  if (provider == "shutterstock") return shutterstock::capabilities();
  if (provider == "getty") return getty::capabilities();
  if (provider == "getty-connect") return getty_connect::capabilities();
  return std::nullopt;
}

Result<std::unique_ptr<AccountConnection>> make_offline_connection(const std::string& account,
                                                                   const std::string& provider) {
  auto capabilities = capabilities_of(provider);
  if (!capabilities)
    return make_error(ErrorCode::kSettings, fmt::format("account '{}': there is no provider '{}'", account, provider));
  return std::unique_ptr<AccountConnection>(std::make_unique<OfflineConnection>(provider, std::move(*capabilities)));
}

}  // namespace damsync
