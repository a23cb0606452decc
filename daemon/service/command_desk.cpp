#include "daemon/service/command_desk.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

#include "daemon/cli/audit_report.h"
#include "daemon/cli/delivery_verbs.h"
#include "daemon/cli/exit_code.h"
#include "daemon/cli/json_fields.h"
#include "daemon/cli/spend_verbs.h"
#include "daemon/cli/sync_report.h"
#include "daemon/jobs/audit_input.h"
#include "daemon/service/worker.h"
#include "daemon/workspace.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

Error unusable(std::string_view name) {
  return make_error(ErrorCode::kUsage, fmt::format("the request's '{}' is missing or of the wrong type", name));
}

Result<std::vector<std::string>> texts(const Json& request, std::string_view name) {
  std::vector<std::string> out;
  const Json* list = request.find(name);
  if (list == nullptr) return out;
  if (!list->is_array()) return unusable(name);
  for (const Json& item : *list->if_array()) {
    if (!item.is_string()) return unusable(name);
    out.push_back(*item.if_string());
  }
  return out;
}

Result<bool> flag(const Json& request, std::string_view name) {
  const Json* value = request.find(name);
  if (value == nullptr) return false;
  if (!value->is_bool()) return unusable(name);
  return *value->if_bool();
}

std::string text_in(const Json& request, std::string_view name) {
  const Json* value = request.find(name);
  return value != nullptr && value->is_string() ? *value->if_string() : std::string();
}

std::optional<std::int64_t> number_in(const Json& request, std::string_view name) {
  const Json* value = request.find(name);
  return value == nullptr ? std::nullopt : value->as_int64();
}

Json json_of(const VerbAnswer& answer) {
  Json results = Json::array();
  for (const auto& result : answer.results) results.push(result);
  return Json::object(
      {{"result", std::move(results)}, {"text", answer.text}, {"exit_code", static_cast<int>(answer.exit_code)}});
}

/// Lets ten lines a second through.
ProgressSink told_sparingly(const ControlServer::Tell& tell) {
  return [&tell, last = std::make_shared<std::pair<std::mutex, SteadyTime>>()](const Progress& p) {
    constexpr Millis kPause{100};
    {
      const std::lock_guard lock(last->first);
      const auto now = std::chrono::steady_clock::now();
      if (now - last->second < kPause) return;
      last->second = now;
    }
    tell(Json::object(
        {{"progress",
          Json::object(
              {{"account", p.account}, {"step", p.step}, {"done", p.done}, {"total", p.total}, {"bytes", p.bytes}})}}));
  };
}

}  // namespace

/// A request that is worked on. What it wrote, also before it failed, is to be told of.
class CommandDesk::AtWork {
 public:
  explicit AtWork(CommandDesk& desk) : desk_(desk), has_place_(desk.at_work_.fetch_add(1) < kMostAtWork) {}
  ~AtWork() {
    --desk_.at_work_;
    if (!has_place_) return;
    desk_.parts_.deliverer.want_all();
    desk_.parts_.wake();
  }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

  [[nodiscard]] bool has_place() const noexcept { return has_place_; }

 private:
  CommandDesk& desk_;
  const bool has_place_;
};

Json CommandDesk::answer(const Json& request, ControlServer::Asker asker, const ControlServer::Tell& tell,
                         const std::stop_token& stop) {
  Json out;
  const Status done = run_guarded([&]() -> Status {
    auto answer = do_it(request, asker, tell, stop);
    out = answer ? std::move(*answer) : control_error(answer.error());
    return {};
  });
  if (done) return out;
  const ErrorCode code = done.error().code;
  if (code == ErrorCode::kDamaged || code == ErrorCode::kInternal) parts_.fatal(done.error());
  return control_error(done.error());
}

Result<Json> CommandDesk::do_it(const Json& request, ControlServer::Asker asker, const ControlServer::Tell& tell,
                                const std::stop_token& stop) {
  const Json* verb = request.find("do");
  if (verb == nullptr || !verb->is_string()) return unusable("do");
  if (*verb->if_string() == "status") return status();
  if (asker != ControlServer::Asker::kOwner)
    return make_error(ErrorCode::kUnauthorized,
                      "the daemon works for root and its own user only; others may ask it for its status");
  return work(*verb->if_string(), request, tell, stop);
}

Result<Json> CommandDesk::work(const std::string& verb, const Json& request, const ControlServer::Tell& tell,
                               const std::stop_token& stop) {
  const AtWork here(*this);
  if (!here.has_place()) return make_error(ErrorCode::kLocked, "the daemon is busy with other commands; try later");
  if (verb == "sync") return sync(request, tell, stop);
  if (verb == "audit") return audit(request, tell, stop);
  if (verb == "deliveries") return deliveries(request, stop);
  if (verb == "spend") return spend(request, stop);
  return make_error(ErrorCode::kUsage,
                    fmt::format("the daemon does not know '{}'; is it of another version?", printable(verb)));
}

Json CommandDesk::status() const {
  const auto view = parts_.vitals.view();
  return Json::object({{"next", json_of(view.next)}, {"daemon", json_of(view)}, {"exit_code", 0}});
}

Result<Json> CommandDesk::sync(const Json& request, const ControlServer::Tell& tell, const std::stop_token& stop) {
  auto accounts = texts(request, "accounts"), accepted = texts(request, "accept_withdrawals");
  const auto full = flag(request, "full");
  if (!accounts) return accounts.error();
  if (!accepted) return accepted.error();
  if (!full) return full.error();
  SyncOptions options;
  options.accounts = std::move(*accounts);
  options.accept_withdrawals = std::move(*accepted);
  options.full = *full;
  const auto run = parts_.jobs.sync(options, told_sparingly(tell), stop);
  if (!run) return run.error();
  return Json::object(
      {{"result", json_of(*run)}, {"text", text_of(*run)}, {"exit_code", static_cast<int>(exit_code_of(*run))}});
}

Result<Json> CommandDesk::audit(const Json& request, const ControlServer::Tell& tell, const std::stop_token& stop) {
  AuditOptions options;
  if (const Json* output = request.find("output")) {
    if (!output->is_string() || (!output->if_string()->empty() && output->if_string()->front() != '/'))
      return unusable("output");
    options.output = *output->if_string();
    const Json* seen = request.find("seen");
    if (seen != nullptr && seen->is_string() && !options.output.empty() &&
        *seen->if_string() != place_seen(options.output))
      return make_error(ErrorCode::kUsage,
                        fmt::format("the daemon sees something else at {}: its unit keeps such folders to itself "
                                    "(PrivateTmp=, ProtectHome=), or its user may not enter it; choose another, or "
                                    "stop the daemon meanwhile",
                                    printable(options.output.string())));
  }
  const auto done = parts_.jobs.audit(options, told_sparingly(tell), stop);
  if (!done) return done.error();
  return Json::object(
      {{"result", json_of(*done)}, {"text", text_of(*done)}, {"exit_code", static_cast<int>(exit_code_of(*done))}});
}

Result<Json> CommandDesk::deliveries(const Json& request, const std::stop_token& stop) {
  const auto in_force = parts_.jobs.in_force();
  const Settings& settings = in_force->settings;
  const std::string what = text_in(request, "what"), receiver = text_in(request, "receiver");
  Result<VerbAnswer> answer = unusable("what");
  if (what == "retry") {
    auto ids = texts(request, "ids");
    if (!ids) return ids.error();
    answer = retry_deliveries(settings, *parts_.workspace.db, {receiver, std::move(*ids)}, parts_.clock.utc());
  } else if (what == "replay") {
    ReplayRequest replay{receiver, number_in(request, "since_seq").value_or(0), std::nullopt};
    if (const auto time = number_in(request, "since_time")) replay.since_time = from_millis(*time);
    answer = replay_deliveries(settings, *parts_.workspace.db, replay);
  } else if (what == "run") {
    answer = run_deliveries(settings, Millis(number_in(request, "time_limit_ms").value_or(0)), stop);
  }
  if (!answer) return answer.error();
  return json_of(*answer);
}

/// Those whose cycles may have read what the verb is about: a row is its account's business, the brake that of all.
std::set<std::string> CommandDesk::accounts_of(const SpendVerb& verb) const {
  if (verb.what == "acknowledge") return parts_.jobs.all_accounts();
  const auto account = account_of(*parts_.workspace.db, verb);
  return account ? std::set{*account} : std::set<std::string>();
}

Result<Json> CommandDesk::spend(const Json& request, const std::stop_token& stop) {
  const SpendVerb verb{text_in(request, "what"), number_in(request, "spend_id").value_or(0), text_in(request, "by"),
                       text_in(request, "reason")};
  if (verb.what != "settle" && verb.what != "forget" && verb.what != "acknowledge") return unusable("what");
  if (verb.by.empty()) return unusable("by");
  if (verb.reason.empty()) return unusable("reason");
  const auto answer = parts_.jobs.between_cycles(
      accounts_of(verb), [&] { return decide_spend(*parts_.workspace.db, verb, parts_.clock.utc()); }, stop);
  if (!answer) return answer.error();
  return json_of(*answer);
}

Result<VerbAnswer> CommandDesk::run_deliveries(const Settings& settings, Millis limit, const std::stop_token& stop) {
  const DeliveryCount count(settings, *parts_.workspace.db);
  const auto delivery = parts_.deliverer.want();
  parts_.wake();
  parts_.deliverer.wait_for(delivery, limit, stop);
  if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
  return answer_of({count.so_far(), parts_.deliverer.unusable()});
}

}  // namespace damsync
