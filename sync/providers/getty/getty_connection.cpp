#include "sync/providers/getty/getty_connection.h"

#include <fmt/format.h>

#include "sync/providers/account_stack.h"
#include "sync/providers/getty/getty_errors.h"
#include "sync/providers/getty/getty_provider.h"
#include "sync/providers/getty/user_auth.h"

namespace damsync {
namespace {

constexpr const char* kFilesDomain = "gettyimages.com";

class GettyConnection final : public AccountConnection {
 public:
  GettyConnection(std::unique_ptr<AccountStack> stack, GettySettings settings, HttpTransport& api, Clock& clock,
                  Log& log)
      : stack_(std::move(stack)), provider_(std::move(settings), api, clock, &log) {}

  Provider& provider() override { return provider_; }
  HttpTransport& downloads() override { return stack_->downloads(); }
  const CallCounter& calls() const override { return stack_->calls(); }
  PlanSource& plans() override { return provider_; }
  std::optional<UtcTime> away_until() const override { return stack_->gate().closed_until(); }
  void come_back() override { stack_->gate().open(); }
  SuggestionSource* suggestions() override { return &provider_; }

 private:
  std::unique_ptr<AccountStack> stack_;
  GettyProvider provider_;
};

Error wrong(const ProviderSettings& settings, const std::string& what) {
  return make_error(ErrorCode::kSettings, fmt::format("account '{}': {}", settings.account, what));
}

Status check(const ProviderSettings& settings) {
  if (settings.api_key.empty()) return wrong(settings, "api_key is missing; every call needs it");
  if (settings.username.empty() != settings.password.empty())
    return wrong(settings, "username and password belong together");
  if (settings.client_secret.empty() && settings.access_token.empty())
    return wrong(settings, "client_secret is missing; the download history needs a token");
  const auto& dialect = settings.history_dialect;
  if (!dialect.empty() && dialect != "date_from" && dialect != "start_date")
    return wrong(settings, "history_dialect must be date_from or start_date");
  return {};
}

GettySettings getty_settings(const ProviderSettings& settings, const Url& base) {
  return {.account = settings.account,
          .base_url = base,
          .api_key = settings.api_key,
          .language = settings.language,
          .history_dialect =
              settings.history_dialect == "start_date" ? getty::Dialect::kStartDate : getty::Dialect::kDateFrom,
          .company_downloads = settings.company_downloads,
          .since = settings.since,
          .overlap = settings.overlap,
          .download = {.product_id = settings.product_id,
                       .product_type = settings.product_type,
                       .project_code = settings.project_code,
                       .notes = settings.download_notes,
                       .file_type = settings.file_type,
                       .height = settings.height}};
}

}  // namespace

Result<std::unique_ptr<AccountConnection>> make_getty_connection(const ProviderSettings& settings,
                                                                 TransportSettings transport, Clock& clock, Log& log) {
  if (auto fine = check(settings); !fine) return fine.error();
  const Url base = transport.base_url;
  auto token_url = getty::token_url(settings);
  if (!token_url) return token_url.error();
  transport.trust_token_endpoint(*token_url);
  transport.allowed_hosts.emplace_back(kFilesDomain);

  auto stack = AccountStack::make(std::move(transport), settings, clock, getty::asked_to_stay_away);
  if (!stack) return stack.error();
  HttpTransport& api =
      (*stack)->authenticated(getty::make_user_auth(settings, std::move(*token_url), (*stack)->paced(), clock, log));
  return std::unique_ptr<AccountConnection>(
      std::make_unique<GettyConnection>(std::move(*stack), getty_settings(settings, base), api, clock, log));
}

}  // namespace damsync
