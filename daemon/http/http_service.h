#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "daemon/http/endpoints.h"
#include "daemon/http/server.h"

namespace damsync {

/// The daemon's local HTTP: `/healthz`, `/readyz`, `/metrics`, `/api/v1`. Read-only.
///
/// The address holds until it is made anew; everything else of the settings is read as it is at the time of a request.
///
/// Threads  `start` and `stop` from one thread, `notify_changed` from any. Two threads of its own, which take no
///          signals.
class HttpService {
 public:
  /// `listen` and `catalog` as in the settings. All references outlive it.
  HttpService(std::string listen, SettingsSource settings, std::filesystem::path catalog, const Vitals& vitals,
              const Clock& clock, Log& log);
  ~HttpService();

  /// Does nothing when `listen` is empty. Errors: kSettings, it is no address or cannot be listened on.
  Status start();
  /// Returns within a second, however many clients wait.
  void stop();
  /// To be called after every commit that may have added to the change feed. Cheap; never waits.
  void notify_changed();
  /// Where it listens, e.g. `127.0.0.1:9187`; empty when it does not.
  [[nodiscard]] std::string address() const;

 private:
  std::string listen_;
  Endpoints::Sources sources_;
  std::unique_ptr<Endpoints> endpoints_;
  std::unique_ptr<WebServer> server_;
};

}  // namespace damsync
