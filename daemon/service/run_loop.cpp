#include "daemon/service/run_loop.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

#include "daemon/cli/exit_code.h"
#include "daemon/stop_signals.h"
#include "daemon/version.h"
#include "storage/base/text.h"
#include "storage/base/time.h"
#include "storage/base/units.h"
#include "storage/catalog/account_book.h"
#include "storage/sqlite/release_memory.h"

namespace damsync {
namespace {

constexpr Millis kLongestSleep = std::chrono::seconds(60);  ///< a suspended machine is noticed this late at most
constexpr Millis kBusySleep = std::chrono::seconds(5);      ///< how old the status may be while there is work
constexpr Millis kStopTime = std::chrono::seconds(19);
constexpr Millis kClockJump = std::chrono::minutes(5);  ///< what clocks that are kept right do not do
constexpr int kTurnsStuck = 2;                          ///< a machine that stood still is no proof against a worker

std::string failing_text(const VitalsView& view) {
  const auto count = std::count_if(view.cycles.begin(), view.cycles.end(),
                                   [](const auto& cycle) { return cycle.result == CycleResult::kFailed; });
  if (count == 0) return "Waiting";
  return count == 1 ? "1 account fails" : fmt::format("{} accounts fail", count);
}

}  // namespace

/// What cannot be ended in time is left to what follows every crash: the state is sound at any moment. Its time begins
/// when a stop is asked for, whatever this loop is at then, or with `arm`.
class RunLoop::LastResort {
 public:
  LastResort(const std::stop_token& stop, std::function<void()> end)
      : end_(std::move(end)),
        thread_([this](const std::stop_token& over) { wait(over); }),
        with_stop_(stop, [this] { arm(); }) {}
  void arm() {
    {
      const std::lock_guard lock(mutex_);
      armed_ = true;
    }
    changed_.notify_all();
  }

 private:
  void wait(const std::stop_token& over) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, over, [this] { return armed_; })) return;
    lock.unlock();
    if (SystemClock().wait(kStopTime, over)) end_();
  }

  std::function<void()> end_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool armed_ = false;
  std::jthread thread_;
  std::stop_callback<std::function<void()>> with_stop_;
};

RunLoop::RunLoop(std::shared_ptr<const InForce> in_force, Parts parts)
    : parts_(std::move(parts)),
      in_force_(std::move(in_force)),
      vitals_(parts_.clock),
      random_(std::random_device{}()) {}

RunLoop::~RunLoop() { parts_.signals.on_hangup({}); }

Status RunLoop::run(const std::stop_token& stop) {
  LastResort last_resort(stop, [this] { end_hard(); });
  if (auto started = start(); !started) return started;
  while (!stop.stop_requested() && !failure()) {
    const Status turned = run_guarded([this]() -> Status {
      turn();
      return {};
    });
    if (!turned) fail(turned.error());
    std::unique_lock lock(mutex_);
    const Millis sleep = until_next(now_of(parts_.clock));
    woken_.wait_for(lock, stop, sleep, [this] { return awake_; });
    awake_ = false;
  }
  last_resort.arm();
  finish();
  if (const auto error = failure()) return *error;
  return {};
}

Status RunLoop::start() {
  {
    const ExtendedTimeout more_time(parts_.notify, "Opening the catalog", {});
    auto workspace = open_workspace(in_force_->settings, parts_.clock, parts_.log);
    if (!workspace) return workspace.error();
    workspace_ = std::move(*workspace);
  }
  if (auto started = start_workers(); !started) return started;
  parts_.signals.on_hangup([this] {
    {
      const std::lock_guard lock(mutex_);
      reload_ = true;
    }
    wake();
  });
  vitals_.ready();
  plan(now_of(parts_.clock));
  tell();
  parts_.notify.ready(status_text());
  parts_.log.info("daemon.started", {{"version", kVersion},
                                     {"accounts", std::to_string(accounts_.size())},
                                     {"time_zone", in_force_->scheduler.zone().name()},
                                     {"http", http_->address()},
                                     {"process", std::to_string(::getpid())}});
  return {};
}

/// The pump comes before the work whose changes it is to deliver, and nobody is told of us before all are there.
Status RunLoop::start_workers() {
  jobs_ = std::make_unique<Jobs>(*workspace_, in_force_, vitals_, parts_.clock, parts_.log);
  nights_ = std::make_unique<Nights>(*workspace_, *jobs_, vitals_, parts_.clock, parts_.log);
  deliverer_ = std::make_unique<Deliverer>(*workspace_, vitals_, parts_.clock, parts_.log,
                                           [this](const Status& done) { done ? wake() : fail(done.error()); });
  deliverer_->fit(settings());
  desk_ = std::make_unique<CommandDesk>(CommandDesk::Parts{*workspace_, *jobs_, vitals_, *deliverer_, parts_.clock,
                                                           [this] { wake(); },
                                                           [this](const Error& error) { fail(error); }});
  night_worker_ = make_worker();
  fit_accounts();
  if (auto served = serve(in_force_->settings); !served) return served;
  auto control = ControlServer::listen(
      in_force_->settings.catalog.path,
      [this](const Json& request, ControlServer::Asker asker, const ControlServer::Tell& tell,
             const std::stop_token& token) { return desk_->answer(request, asker, tell, token); });
  if (!control) return control.error();
  control_ = std::move(*control);
  return {};
}

/// Listens where the settings say, and nowhere else.
Status RunLoop::serve(const Settings& settings) {
  http_.reset();
  const SettingsSource source = [this] {
    auto now = jobs_->in_force();
    return std::shared_ptr<const Settings>(now, &now->settings);
  };
  http_ = std::make_unique<HttpService>(settings.http.listen, source, settings.catalog.path, vitals_, parts_.clock,
                                        parts_.log);
  return http_->start();
}

/// Everything there is to decide at this moment.
void RunLoop::turn() {
  bool reload_now = false;
  {
    const std::lock_guard lock(mutex_);
    reload_now = std::exchange(reload_, false);
  }
  if (reload_now) reload();
  bury();
  const Now now = now_of(parts_.clock);
  watch_clock(now);
  poll_accounts(now);
  do_nights(now);
  if (any_cycle()) deliverer_->want();
  deliverer_->turn(now);
  http_->notify_changed();
  plan(now);
  tell();
  watch_over();
  rest();
}

void RunLoop::poll_accounts(const Now& now) {
  for (auto& [name, account] : accounts_) {
    if (account.worker->busy() || jobs_->busy(name)) continue;
    if (in_force_->scheduler.until_poll(account.mark, now) > Millis(0)) continue;
    account.mark = {now, std::uniform_real_distribution<double>(0, 1)(random_)};
    account.worker->start([this, name = name](const std::stop_token& stop) { return jobs_->poll(name, stop); });
  }
}

void RunLoop::do_nights(const Now& now) {
  if (night_worker_->busy()) return;
  if (const auto due = nights_->due(now))
    night_worker_->start([this, due = *due](const std::stop_token& stop) { return nights_->run(due, stop); });
}

Millis RunLoop::until_next(const Now& now) const {
  Millis sleep = kLongestSleep;
  for (const auto& [name, account] : accounts_)
    if (!account.worker->busy() && !jobs_->busy(name))  // else its end wakes us
      sleep = std::min(sleep, in_force_->scheduler.until_poll(account.mark, now));
  if (!night_worker_->busy())
    for (const auto& job : nights_->next(now)) sleep = std::min(sleep, std::chrono::ceil<Millis>(job.at - now.utc));
  if (const auto due = deliverer_->until_next(now)) sleep = std::min(sleep, *due);
  if (any_cycle() || night_worker_->busy()) sleep = std::min(sleep, kBusySleep);
  const Millis limit = parts_.notify.watchdog_limit();
  if (limit > Millis(0)) sleep = std::min(sleep, limit / 3);
  return std::max(sleep, Millis(1));
}

/// Nothing we do hangs on it, but who reads our records should know that their times do not follow each other.
void RunLoop::watch_clock(const Now& now) {
  const auto before = std::exchange(turned_, now);
  if (!before) return;
  const UtcTime expected = before->utc + std::chrono::duration_cast<Millis>(now.steady - before->steady);
  const Millis by = now.utc - expected;
  if (std::chrono::abs(by) <= kClockJump) return;
  parts_.log.warning("clock.jumped", {{"by", format_duration(by)},
                                      {"from", format_rfc3339(std::chrono::floor<std::chrono::seconds>(expected))},
                                      {"to", format_rfc3339(std::chrono::floor<std::chrono::seconds>(now.utc))}});
}

/// What is due next.
void RunLoop::plan(const Now& now) {
  std::vector<NextJob> next = nights_->next(now);
  for (const auto& [name, account] : accounts_)
    next.push_back({"sync " + name, now.utc + in_force_->scheduler.until_poll(account.mark, now)});
  vitals_.set_next(std::move(next));
}

void RunLoop::tell() {
  std::string text = status_text();
  if (text == told_) return;
  parts_.notify.status(text);
  told_ = std::move(text);
}

std::string RunLoop::status_text() const {
  const auto view = vitals_.view();
  std::string doing;
  for (const auto& worker : view.workers)
    if (!worker.resting()) doing += (doing.empty() ? "" : "; ") + worker.doing;
  if (!view.settings_error.empty()) return "The settings were changed and refused; the old ones hold";
  if (!doing.empty()) return doing;
  const std::string state = failing_text(view);
  if (view.next.empty()) return state;
  return fmt::format("{}; next: {} at {}", state, view.next.front().job,
                     format_rfc3339(std::chrono::floor<std::chrono::seconds>(view.next.front().at)));
}

/// The service manager hears of us only while every worker moves.
void RunLoop::watch_over() {
  const auto stuck = vitals_.view().stuck_workers();
  turns_stuck_ = stuck.empty() ? 0 : turns_stuck_ + 1;
  if (turns_stuck_ == kTurnsStuck)
    for (const auto& worker : stuck) parts_.log.error("daemon.stuck", {{"worker", worker}});
  if (turns_stuck_ < kTurnsStuck) parts_.notify.watchdog();
}

/// Waiting needs little: what a first sync or a report had taken does not stay with us for days.
void RunLoop::rest() {
  if (any_cycle() || night_worker_->busy() || jobs_->any_command() || deliverer_->busy()) return;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(worked_, false)) return;
  }
  release_memory(*workspace_->db);
  ::malloc_trim(0);
}

void RunLoop::reload() {
  parts_.notify.reloading();
  const auto loaded = InForce::load_anew(in_force_->settings.file);
  if (!loaded) return refuse(loaded.error());
  if (const auto frozen = frozen_changes(in_force_->settings, (*loaded)->settings); !frozen.empty())
    return refuse(
        make_error(ErrorCode::kSettings, fmt::format("{}: cannot change while the daemon runs; restart it", frozen)));
  for (const auto& account : (*loaded)->settings.accounts)
    if (auto same = check_provider(*workspace_->db, account.provider.account, account.provider.provider); !same)
      return refuse(same.error());
  const auto before = std::exchange(in_force_, *loaded);
  jobs_->put_in_force(in_force_);
  const HttpSettings &old = before->settings.http, &now = in_force_->settings.http;
  if (old.listen != now.listen || old.names != now.names)
    if (auto served = serve(in_force_->settings); !served) {
      in_force_ = before;
      jobs_->put_in_force(in_force_);
      if (auto back = serve(in_force_->settings); !back)
        parts_.log.error("http.not_listening", {{"reason", back.error().message}});
      return refuse(served.error());
    }
  fit_accounts();
  deliverer_->fit(settings());
  vitals_.settings_taken();
  plan(now_of(parts_.clock));
  parts_.log.info("daemon.reloaded",
                  {{"accounts", std::to_string(accounts_.size())}, {"time_zone", in_force_->scheduler.zone().name()}});
  parts_.notify.ready(status_text());
}

void RunLoop::refuse(const Error& error) {
  vitals_.settings_refused(error.message);
  for (const auto& line : split(error.message, '\n'))
    parts_.log.error("daemon.settings_refused", {{"reason", std::string(line)}});
  parts_.notify.ready(status_text());
}

std::shared_ptr<const Settings> RunLoop::settings() const { return {in_force_, &in_force_->settings}; }

/// A thread for each account of the settings. Who is in the middle of a cycle ends it with the settings it began with.
void RunLoop::fit_accounts() {
  const auto names = in_force_->accounts();
  for (auto at = accounts_.begin(); at != accounts_.end();) {
    if (std::find(names.begin(), names.end(), at->first) != names.end()) {
      ++at;
      continue;
    }
    at->second.worker->request_stop();
    leaving_.push_back(std::move(at->second.worker));
    vitals_.gone(at->first);
    at = accounts_.erase(at);
  }
  for (const auto& name : names) {
    if (accounts_.contains(name)) continue;
    accounts_[name].worker = make_worker();
    vitals_.here(name);
  }
}

void RunLoop::bury() {
  leaving_.remove_if([](const auto& worker) { return !worker->busy(); });
}

void RunLoop::end_hard() {
  parts_.log.error("daemon.stopped_hard", {{"reason", "something did not end in time"}});
  const auto error = failure();
  ::_exit(error ? static_cast<int>(exit_code_for(error->code)) : 0);
}

void RunLoop::finish() {
  parts_.signals.on_hangup({});
  vitals_.stopping();
  parts_.notify.stopping("Stopping");
  for (auto& [name, account] : accounts_) account.worker->request_stop();
  night_worker_->request_stop();
  deliverer_->request_stop();
  control_.reset();
  http_.reset();
  accounts_.clear();
  leaving_.clear();
  night_worker_.reset();
  deliverer_.reset();
  const auto error = failure();
  parts_.log.info("daemon.stopped", {{"reason", error ? error->message : "asked to"}});
}

std::unique_ptr<Worker> RunLoop::make_worker() {
  return std::make_unique<Worker>([this](const Status& done) {
    deliverer_->want_all();  // what a job committed is to be told of
    done ? wake() : fail(done.error());
  });
}

bool RunLoop::any_cycle() const {
  return std::any_of(accounts_.begin(), accounts_.end(),
                     [&](const auto& entry) { return entry.second.worker->busy() || jobs_->busy(entry.first); });
}

void RunLoop::wake() {
  {
    const std::lock_guard lock(mutex_);
    awake_ = true;
    worked_ = true;
  }
  woken_.notify_all();
}

void RunLoop::fail(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
  }
  wake();
}

std::optional<Error> RunLoop::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace damsync
