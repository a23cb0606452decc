#include "daemon/service/vitals.h"

#include <algorithm>
#include <utility>

#include "daemon/version.h"
#include "storage/base/time.h"

namespace damsync {

const char* to_word(CycleResult result) noexcept {
  switch (result) {
    case CycleResult::kOk: return "ok";
    case CycleResult::kIncomplete: return "incomplete";
    case CycleResult::kFailed: return "failed";
  }
  return "failed";
}

CycleResult result_of(const AccountSummary& summary) noexcept {
  if (summary.error) return CycleResult::kFailed;
  const bool whole = summary.files_failed + summary.assets_failed + summary.items_rejected == 0;
  return whole ? CycleResult::kOk : CycleResult::kIncomplete;
}

std::vector<std::string> VitalsView::stuck_workers() const {
  std::vector<std::string> names;
  for (const auto& worker : workers)
    if (worker.stuck()) names.push_back(worker.name);
  return names;
}

Vitals::Vitals(const Clock& clock) : clock_(clock) {
  shared_.version = kVersion;
  shared_.started_at = clock_.utc();
}

void Vitals::ready() {
  const std::lock_guard lock(mutex_);
  shared_.ready = true;
}

void Vitals::stopping() {
  const std::lock_guard lock(mutex_);
  shared_.stopping = true;
}

void Vitals::settings_taken() {
  const std::lock_guard lock(mutex_);
  shared_.settings_error.clear();
}

void Vitals::settings_refused(const std::string& why) {
  const std::lock_guard lock(mutex_);
  shared_.settings_error = why;
}

void Vitals::set_next(std::vector<NextJob> jobs) {
  std::stable_sort(jobs.begin(), jobs.end(), [](const NextJob& a, const NextJob& b) { return a.at < b.at; });
  const std::lock_guard lock(mutex_);
  shared_.next = std::move(jobs);
}

void Vitals::moved(const std::string& worker, const std::string& doing, Millis patience) {
  const auto now = clock_.steady();
  const std::lock_guard lock(mutex_);
  if (!gone_.contains(worker)) workers_[worker] = {doing, now, patience};
}

void Vitals::resting(const std::string& worker, const std::string& doing) { moved(worker, doing, Millis(0)); }

void Vitals::gone(const std::string& worker) {
  const std::lock_guard lock(mutex_);
  workers_.erase(worker);
  cycles_.erase(worker);
  gone_.insert(worker);
}

void Vitals::here(const std::string& worker) {
  {
    const std::lock_guard lock(mutex_);
    gone_.erase(worker);
  }
  resting(worker, "waiting");
}

void Vitals::cycle_finished(const AccountSummary& summary) {
  const auto now = clock_.utc();
  const std::lock_guard lock(mutex_);
  if (gone_.contains(summary.name)) return;
  CycleVitals& cycle = cycles_[summary.name];
  cycle.account = summary.name;
  cycle.result = result_of(summary);
  cycle.error = summary.error;
  cycle.finished_at = now;
  cycle.failures_in_a_row = cycle.result == CycleResult::kFailed ? cycle.failures_in_a_row + 1 : 0;
  switch (cycle.result) {
    case CycleResult::kOk: ++cycle.ok; break;
    case CycleResult::kIncomplete: ++cycle.incomplete; break;
    case CycleResult::kFailed: ++cycle.failed; break;
  }
  cycle.bytes += summary.bytes;
  cycle.calls_free += summary.calls_free;
  cycle.calls_spending += summary.calls_spending;
}

VitalsView Vitals::view() const {
  const auto now = clock_.steady();
  const std::lock_guard lock(mutex_);
  VitalsView view = shared_;
  for (const auto& [name, worker] : workers_) {
    const auto still = std::chrono::duration_cast<Millis>(now - worker.moved_at);
    view.workers.push_back({name, worker.doing, std::max(still, Millis(0)), worker.patience});
  }
  for (const auto& [account, cycle] : cycles_) view.cycles.push_back(cycle);
  return view;
}

Json json_of(const VitalsView& view) {
  Json workers = Json::array(), cycles = Json::array();
  for (const auto& worker : view.workers)
    workers.push(Json::object({{"name", worker.name},
                               {"doing", worker.doing},
                               {"still_s", std::int64_t{worker.still_for.count() / 1000}},
                               {"patience_s", std::int64_t{worker.patience.count() / 1000}},
                               {"stuck", worker.stuck()}}));
  for (const auto& cycle : view.cycles)
    cycles.push(Json::object({{"account", cycle.account},
                              {"result", to_word(cycle.result)},
                              {"error", cycle.error ? Json(cycle.error->message) : Json()},
                              {"finished_at", format_rfc3339(cycle.finished_at)},
                              {"failures_in_a_row", cycle.failures_in_a_row}}));
  return Json::object({{"version", view.version},
                       {"started_at", format_rfc3339(view.started_at)},
                       {"ready", view.ready},
                       {"stopping", view.stopping},
                       {"settings_error", view.settings_error.empty() ? Json() : Json(view.settings_error)},
                       {"workers", std::move(workers)},
                       {"cycles", std::move(cycles)},
                       {"next", json_of(view.next)}});
}

Json json_of(const std::vector<NextJob>& next) {
  Json out = Json::array();
  for (const auto& job : next) out.push(Json::object({{"job", job.job}, {"at", format_rfc3339(job.at)}}));
  return out;
}

namespace {

std::string text_at(const Json& json, std::string_view key) {
  const Json* member = json.find(key);
  const std::string* text = member != nullptr ? member->if_string() : nullptr;
  return text != nullptr ? *text : "";
}

bool flag_at(const Json& json, std::string_view key) {
  const Json* member = json.find(key);
  const bool* flag = member != nullptr ? member->if_bool() : nullptr;
  return flag != nullptr && *flag;
}

std::int64_t number_at(const Json& json, std::string_view key) {
  const Json* member = json.find(key);
  return member != nullptr ? member->as_int64().value_or(0) : 0;
}

UtcTime time_at(const Json& json, std::string_view key) {
  const auto time = parse_rfc3339(text_at(json, key));
  return time ? *time : UtcTime{};
}

template <class Use>
void each_of(const Json& json, std::string_view key, const Use& use) {
  const Json* member = json.find(key);
  const Json::Array* array = member != nullptr ? member->if_array() : nullptr;
  if (array == nullptr) return;
  for (const Json& item : *array) use(item);
}

CycleVitals cycle_from_json(const Json& json) {
  CycleVitals cycle;
  cycle.account = text_at(json, "account");
  cycle.result = text_at(json, "result") == "ok"           ? CycleResult::kOk
                 : text_at(json, "result") == "incomplete" ? CycleResult::kIncomplete
                                                           : CycleResult::kFailed;
  if (const auto error = text_at(json, "error"); !error.empty())
    cycle.error = make_error(ErrorCode::kUnavailable, error);
  cycle.finished_at = time_at(json, "finished_at");
  cycle.failures_in_a_row = number_at(json, "failures_in_a_row");
  return cycle;
}

}  // namespace

VitalsView vitals_from_json(const Json& json) {
  VitalsView view;
  view.version = text_at(json, "version");
  view.started_at = time_at(json, "started_at");
  view.ready = flag_at(json, "ready");
  view.stopping = flag_at(json, "stopping");
  view.settings_error = text_at(json, "settings_error");
  each_of(json, "workers", [&](const Json& worker) {
    const auto seconds = [&](std::string_view key) { return std::chrono::seconds(number_at(worker, key)); };
    view.workers.push_back(
        {text_at(worker, "name"), text_at(worker, "doing"), seconds("still_s"), seconds("patience_s")});
  });
  each_of(json, "cycles", [&](const Json& cycle) { view.cycles.push_back(cycle_from_json(cycle)); });
  each_of(json, "next", [&](const Json& job) { view.next.push_back({text_at(job, "job"), time_at(job, "at")}); });
  return view;
}

}  // namespace damsync
