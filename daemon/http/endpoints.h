#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/cli/status_report.h"
#include "daemon/config/settings.h"
#include "daemon/http/handler.h"
#include "daemon/http/server.h"
#include "daemon/service/vitals.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// The settings that hold now.
using SettingsSource = std::function<std::shared_ptr<const Settings>()>;

/// What the local endpoints say: how the daemon is, and what the catalog holds. Every object is the one that `--json`
/// prints. Reads the catalog by a connection of its own that lives as long as one request, so that no reader keeps the
/// write-ahead log from being emptied.
///
/// Errors   400, 404, 410 (a cursor that is not of this feed any more) and 503 as `application/problem+json`.
/// Threads  `answer_at_once` and `answer` from one thread each.
class Endpoints final : public WebHandler {
 public:
  struct Sources {
    SettingsSource settings;
    std::filesystem::path catalog;
    const Vitals& vitals;
    const Clock& clock;
    Log& log;
    std::function<WebServer::Counts()> counts;
  };
  explicit Endpoints(Sources sources) : sources_(std::move(sources)) {}

  std::optional<WebAnswer> answer_at_once(const WebRequest& request) override;
  WebReply answer(const WebRequest& request, Millis waited) override;

 private:
  WebReply route(const WebRequest& request, Millis waited);
  [[nodiscard]] WebAnswer healthz() const;
  WebAnswer readyz();
  WebAnswer metrics();
  WebAnswer status();
  WebAnswer assets(const WebRequest& request);
  WebAnswer asset(const WebRequest& request);
  WebReply changes(const WebRequest& request, Millis waited);

  /// Errors: kNotFound while there is no catalog yet, and what opening meets.
  Result<std::unique_ptr<Database>> open() const;
  /// Gathered at most once a second, however often it is asked for: counting a large catalog takes its time.
  Result<const StatusReport*> gathered();
  [[nodiscard]] std::string why_no_store(Database& db) const;

  Sources sources_;
  std::optional<StatusReport> report_;
  std::string store_problem_;
  SteadyTime gathered_at_{};
};

}  // namespace damsync
