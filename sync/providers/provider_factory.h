#pragma once

#include <memory>
#include <optional>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "sync/http/transport.h"
#include "sync/http/transport_settings.h"
#include "sync/providers/collection_source.h"
#include "sync/providers/plan_source.h"
#include "sync/providers/provider.h"
#include "sync/providers/provider_settings.h"
#include "sync/providers/suggestion_source.h"

namespace damsync {

/// One account ready for work: the provider and the transport its signed URLs are fetched with (retries, host
/// rules, no credentials). Owns everything below them.
class AccountConnection {
 public:
  virtual ~AccountConnection() = default;
  virtual Provider& provider() = 0;
  virtual HttpTransport& downloads() = 0;
  virtual const CallCounter& calls() const = 0;
  virtual PlanSource& plans() = 0;
  /// Until when the provider asked this account to make no more calls; none goes out before that.
  [[nodiscard]] virtual std::optional<UtcTime> away_until() const { return std::nullopt; }
  /// Lets calls out again, for somebody who wants to try nevertheless.
  virtual void come_back() {}
  /// Null where there are none, or the settings do not ask for them.
  virtual CollectionSource* collections() { return nullptr; }
  /// Null where the provider suggests nothing.
  virtual SuggestionSource* suggestions() { return nullptr; }
};

/// Errors: kSettings for an unknown provider, an unusable URL or missing credentials. Makes no call.
Result<std::unique_ptr<AccountConnection>> make_connection(const ProviderSettings& settings, Clock& clock, Log& log);

}  // namespace damsync
