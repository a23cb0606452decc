#include "tests/simulators/fault_script.h"

#include <algorithm>

#include "tests/simulators/media_bytes.h"

namespace damsync {
namespace {

constexpr const char* kJsonType = "application/json; charset=utf8";
constexpr const char* kLoginPage =
    "<!DOCTYPE html><html><head><title>Please log in</title></head><body><form>Log in</form></body></html>\n";

FaultAction instead(std::string name, std::function<void(SimResponse&)> apply) {
  return {std::move(name), FaultAction::When::kInstead, std::move(apply)};
}

FaultAction after(std::string name, std::function<void(SimResponse&)> apply) {
  return {std::move(name), FaultAction::When::kAfter, std::move(apply)};
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) noexcept {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t from = star; from <= text.size(); ++from) {
    if (matches_pattern(rest, text.substr(from))) return true;
  }
  return false;
}

FaultScript::Id FaultScript::add(FaultRule rule) {
  const std::lock_guard lock(mutex_);
  rules_.push_back({std::move(rule)});
  return rules_.size() - 1;
}

FaultScript::Id FaultScript::once(std::string route, FaultAction action) {
  return add({.route = std::move(route), .action = std::move(action)});
}

FaultScript::Id FaultScript::always(std::string route, FaultAction action) {
  return add({.route = std::move(route), .times = 0, .action = std::move(action)});
}

void FaultScript::clear() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
}

int FaultScript::fired(Id id) const {
  const std::lock_guard lock(mutex_);
  return rules_.at(id).fired;
}

std::vector<std::string> FaultScript::unfired() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& armed : rules_) {
    if (armed.fired < std::max(1, armed.rule.times))
      names.push_back(armed.rule.action.name + " at " + armed.rule.route);
  }
  return names;
}

std::vector<FaultAction> FaultScript::match(std::string_view method, std::string_view path) {
  const std::lock_guard lock(mutex_);
  std::vector<FaultAction> actions;
  if (rules_.empty()) return actions;
  const std::string call = std::string(method) + " " + std::string(path);
  for (auto& armed : rules_) {
    if (!matches_pattern(armed.rule.route, call)) continue;
    ++armed.matched;
    const bool due = armed.matched >= armed.rule.first;
    const bool over = armed.rule.times > 0 && armed.matched >= armed.rule.first + armed.rule.times;
    if (!due || over) continue;
    ++armed.fired;
    actions.push_back(armed.rule.action);
  }
  return actions;
}

namespace fault {

FaultAction status(int status, std::string body, std::string content_type) {
  return instead("status " + std::to_string(status), [=](SimResponse& response) {
    response.status = status;
    response.set_body(body, content_type);
  });
}

FaultAction throttled(std::optional<std::string> retry_after) {
  return instead("throttled", [=](SimResponse& response) {
    response.status = 429;
    response.set_body(R"({"message":"Rate limit exceeded"})", kJsonType);
    if (retry_after) response.set_header("Retry-After", *retry_after);
  });
}

FaultAction unauthorized() { return status(401, R"({"message":"Invalid access token"})"); }

FaultAction html_page() {
  return instead("html_page", [](SimResponse& response) { response.set_body(kLoginPage, "text/html; charset=utf-8"); });
}

FaultAction errors_at_200() {
  return instead("errors_at_200", [](SimResponse& response) {
    response.set_body(R"({"data":[],"errors":[{"message":"Could not load the list","code":"INTERNAL"}]})", kJsonType);
  });
}

FaultAction content(std::string bytes, std::string content_type) {
  return after("content", [=](SimResponse& response) {
    response.status = 200;
    response.set_body(bytes, content_type);
  });
}

FaultAction html_as_jpeg() {
  FaultAction action = content(kLoginPage, "image/jpeg");
  action.name = "html_as_jpeg";
  return action;
}

FaultAction other_image() {
  FaultAction action = content(make_jpeg({.seed = "another picture", .width = 320, .height = 240}), "image/jpeg");
  action.name = "other_image";
  return action;
}

FaultAction truncated_jpeg() {
  return after("truncated_jpeg", [](SimResponse& response) {
    std::string bytes = response.body + (response.tail ? *response.tail : std::string());
    const std::size_t keep = bytes.size() / 2;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(keep), bytes.end(), '\0');
    response.set_body(std::move(bytes), "image/jpeg");
  });
}

FaultAction empty_body() {
  return after("empty_body", [](SimResponse& response) {
    response.body.clear();
    response.tail.reset();
    response.skip = 0;
  });
}

FaultAction cut_body(std::size_t bytes) {
  return after("cut_body", [=](SimResponse& response) { response.bad.cut_after = bytes; });
}

FaultAction reset() {
  return instead("reset", [](SimResponse& response) { response.bad.reset = true; });
}

FaultAction reset_in_body(std::size_t bytes) {
  return after("reset_in_body", [=](SimResponse& response) {
    response.bad.reset = true;
    response.bad.cut_after = bytes;
  });
}

FaultAction lose_reply() {
  return after("lose_reply", [](SimResponse& response) { response.bad.reset = true; });
}

FaultAction wrong_length(long delta) {
  return after("wrong_length", [=](SimResponse& response) {
    response.bad.declared_length = std::to_string(static_cast<long>(response.body_size()) + delta);
  });
}

FaultAction length_text(std::string text) {
  return after("length_text", [=](SimResponse& response) { response.bad.declared_length = text; });
}

FaultAction no_length() {
  return after("no_length", [](SimResponse& response) { response.bad.no_length = true; });
}

FaultAction drip(std::size_t bytes, Millis pause) {
  return after("drip", [=](SimResponse& response) {
    response.bad.drip_bytes = bytes;
    response.bad.drip_pause = pause;
  });
}

FaultAction delay(Millis time) {
  return after("delay", [=](SimResponse& response) { response.bad.delay = time; });
}

FaultAction hold(std::shared_ptr<SimGate> gate) {
  return after("hold", [gate = std::move(gate)](SimResponse& response) { response.bad.gate = gate; });
}

FaultAction raw(std::string bytes) {
  return instead("raw", [=](SimResponse& response) { response.bad.raw = bytes; });
}

FaultAction header(std::string name, std::string value) {
  return after("header " + name, [=](SimResponse& response) { response.set_header(name, value); });
}

}  // namespace fault
}  // namespace damsync
