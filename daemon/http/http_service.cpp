#include "daemon/http/http_service.h"

#include <utility>

#include "daemon/config/listen_address.h"

namespace damsync {

HttpService::HttpService(std::string listen, SettingsSource settings, std::filesystem::path catalog,
                         const Vitals& vitals, const Clock& clock, Log& log)
    : listen_(std::move(listen)), sources_{std::move(settings), std::move(catalog), vitals, clock, log, {}} {
  sources_.counts = [this] { return server_->counts(); };
}

HttpService::~HttpService() { stop(); }

Status HttpService::start() {
  if (listen_.empty()) return {};
  const auto address = parse_listen_address(listen_);
  if (!address) return address.error();
  endpoints_ = std::make_unique<Endpoints>(sources_);
  server_ = std::make_unique<WebServer>(WebServer::Options{*address, sources_.settings()->http.names, {}}, *endpoints_,
                                        sources_.clock, sources_.log);
  auto started = server_->start();
  if (!started) server_.reset();
  return started;
}

void HttpService::stop() {
  if (server_) server_->stop();
}

void HttpService::notify_changed() {
  if (server_) server_->wake();
}

std::string HttpService::address() const { return server_ ? server_->address().text() : ""; }

}  // namespace damsync
