#include "tests/simulators/sim_core.h"

namespace damsync {

void SimCore::listen(std::uint16_t port) {
  server_ = std::make_unique<SimServer>([this](const SimRequest& request) { return handle(request); }, port);
}

void SimCore::stop_listening() {
  if (server_) server_->stop();
}

std::string SimCore::base_url() const { return server_->base_url(); }

SimBooks SimCore::books() const {
  const std::lock_guard lock(mutex_);
  return books_;
}

void SimCore::reset_books() {
  const std::lock_guard lock(mutex_);
  books_ = {};
}

UtcTime SimCore::now() const {
  const std::lock_guard lock(mutex_);
  return now_locked();
}

UtcTime SimCore::now_locked() const {
  if (frozen_) return *frozen_ + offset_;
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()) + offset_;
}

void SimCore::advance(Millis duration) {
  const std::lock_guard lock(mutex_);
  offset_ += duration;
}

SimResponse SimCore::handle(const SimRequest& request) {
  const auto actions = faults_.match(request.method, request.path);
  const Route route = route_of(request);
  const std::lock_guard lock(mutex_);
  SimResponse response;
  bool answered = false;
  for (const auto& action : actions) {
    if (action.when != FaultAction::When::kInstead) continue;
    action.apply(response);
    answered = true;
  }
  if (!answered) response = dispatch(request, route);
  finish(request, route, response);
  for (const auto& action : actions)
    if (action.when == FaultAction::When::kAfter) action.apply(response);
  keep_books(route, response);
  return response;
}

void SimCore::finish(const SimRequest&, const Route&, SimResponse&) {}

void SimCore::keep_books(const Route& route, const SimResponse& response) {
  ++books_.calls[route.name];
  ++books_.statuses[response.status];
  if (response.status >= 400 && response.status < 500)
    ++books_.refusals[route.name + ": " + response.body.substr(0, 300)];
}

}  // namespace damsync
