#include "daemon/http/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "daemon/version.h"

namespace damsync {
namespace {

using Labels = prometheus::Labels;

/// The families of one scrape: filled, written and thrown away, so that no label outlives what it speaks of.
class Scrape {
 public:
  using Gauges = prometheus::Family<prometheus::Gauge>;
  using Counters = prometheus::Family<prometheus::Counter>;

  Gauges& gauge(const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name("damsync_" + name).Help(help).Register(registry_);
  }
  void gauge(const std::string& name, const std::string& help, double value) { gauge(name, help).Add({}).Set(value); }
  Counters& counter(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name("damsync_" + name + "_total").Help(help).Register(registry_);
  }
  void counter(const std::string& name, const std::string& help, std::int64_t value) {
    add(counter(name, help), {}, value);
  }
  static void set(Gauges& family, const Labels& labels, std::int64_t value) {
    family.Add(labels).Set(static_cast<double>(value));
  }
  static void set_time(Gauges& family, const Labels& labels, UtcTime time) {
    family.Add(labels).Set(static_cast<double>(to_millis(time)) / 1000);
  }
  static void add(Counters& family, const Labels& labels, std::int64_t value) {
    family.Add(labels).Increment(static_cast<double>(value));
  }
  [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

 private:
  prometheus::Registry registry_;
};

/// The oldest success among the streams: what is known to be complete up to then.
std::optional<UtcTime> last_success(const StatusReport::Account& account) {
  std::optional<UtcTime> oldest;
  for (const auto& stream : account.streams) {
    if (!stream.row.last_ok_at) return std::nullopt;
    oldest = oldest ? std::min(*oldest, *stream.row.last_ok_at) : *stream.row.last_ok_at;
  }
  return oldest;
}

void add_accounts(Scrape& scrape, const StatusReport& status) {
  auto& success = scrape.gauge("account_last_success_timestamp_seconds",
                               "When every stream of the account was last read to its end.");
  auto& stale =
      scrape.gauge("account_stale", "1 when an account had no success for three poll intervals outside quiet hours.");
  auto& backlog = scrape.gauge("account_backlog_items", "Metadata and files that are wanted and not there yet.");
  auto& quarantined = scrape.gauge("account_quarantined_items", "Items set aside or failed at least once.");
  auto& assets = scrape.gauge("assets", "Assets by state.");
  auto& licenses = scrape.gauge("licenses", "Licenses by state.");
  auto& files = scrape.gauge("files", "Licensed files by state.");
  auto& spends = scrape.gauge("spends", "Calls that may have used up quota and whose outcome is not known.");
  for (const auto& account : status.accounts) {
    const std::string& name = account.name;
    const AccountCounts& c = account.counts;
    if (const auto time = last_success(account)) Scrape::set_time(success, {{"account", name}}, *time);
    Scrape::set(stale, {{"account", name}}, account.stale ? 1 : 0);
    Scrape::set(backlog, {{"account", name}}, c.backlog);
    Scrape::set(quarantined, {{"account", name}}, c.quarantined);
    Scrape::set(assets, {{"account", name}, {"state", "active"}}, c.assets_active);
    Scrape::set(assets, {{"account", name}, {"state", "withdrawn"}}, c.assets_withdrawn);
    Scrape::set(assets, {{"account", name}, {"state", "unknown"}}, c.assets_unknown);
    Scrape::set(licenses, {{"account", name}, {"state", "held"}}, c.licenses_held);
    Scrape::set(licenses, {{"account", name}, {"state", "vanished"}}, c.licenses_vanished);
    Scrape::set(files, {{"account", name}, {"state", "mirrored"}}, c.files_mirrored);
    Scrape::set(files, {{"account", name}, {"state", "open"}}, c.files_open);
    Scrape::set(files, {{"account", name}, {"state", "blocked"}}, c.files_blocked);
    Scrape::set(spends, {{"account", name}, {"state", "open"}}, account.spends_open - account.spends_parked);
    Scrape::set(spends, {{"account", name}, {"state", "parked"}}, account.spends_parked);
  }
}

void add_store(Scrape& scrape, const StatusReport& status) {
  scrape.gauge("store_files", "Files in the store.", static_cast<double>(status.store.files));
  scrape.gauge("store_file_bytes", "Bytes of the files in the store.", static_cast<double>(status.store.bytes));
  if (status.free_bytes)
    scrape.gauge("store_free_bytes", "Bytes that are free where the store is.",
                 static_cast<double>(*status.free_bytes));
  if (status.store.oldest_verified_at)
    Scrape::set_time(scrape.gauge("store_oldest_verified_timestamp_seconds",
                                  "When the file was last hashed whose last check is the oldest."),
                     {}, *status.store.oldest_verified_at);
}

void add_receivers(Scrape& scrape, const StatusReport& status) {
  auto& deliveries =
      scrape.gauge("deliveries", "Changes that a receiver was not told of, by whether they were given up.");
  for (const auto& receiver : status.receivers) {
    Scrape::set(deliveries, {{"receiver", receiver.name}, {"state", "waiting"}}, receiver.waiting);
    Scrape::set(deliveries, {{"receiver", receiver.name}, {"state", "dead"}}, receiver.dead);
  }
}

void add_nights(Scrape& scrape, const StatusReport& status) {
  auto& failed = scrape.gauge("night_failed", "1 when the last run of a nightly job failed in part or whole.");
  for (const auto& night : status.nights) Scrape::set(failed, {{"task", night.job}}, night.problem.empty() ? 0 : 1);
}

void add_cycles(Scrape& scrape, const VitalsView& daemon) {
  auto& cycles = scrape.counter("cycles", "Finished cycles by result.");
  auto& failures = scrape.gauge("account_failures_in_a_row", "Cycles that have failed since the last that did not.");
  auto& bytes = scrape.counter("downloaded_bytes", "Bytes of files downloaded.");
  auto& calls = scrape.counter("provider_calls", "Calls to providers, by whether they may use up quota.");
  for (const auto& cycle : daemon.cycles) {
    const std::string& name = cycle.account;
    Scrape::add(cycles, {{"account", name}, {"result", to_word(CycleResult::kOk)}}, cycle.ok);
    Scrape::add(cycles, {{"account", name}, {"result", to_word(CycleResult::kIncomplete)}}, cycle.incomplete);
    Scrape::add(cycles, {{"account", name}, {"result", to_word(CycleResult::kFailed)}}, cycle.failed);
    Scrape::set(failures, {{"account", name}}, cycle.failures_in_a_row);
    Scrape::add(bytes, {{"account", name}}, cycle.bytes);
    Scrape::add(calls, {{"account", name}, {"kind", "free"}}, cycle.calls_free);
    Scrape::add(calls, {{"account", name}, {"kind", "spending"}}, cycle.calls_spending);
  }
}

void add_daemon(Scrape& scrape, const VitalsView& daemon) {
  Scrape::set_time(scrape.gauge("start_time_seconds", "When the process started."), {}, daemon.started_at);
  scrape.gauge("workers_stuck", "Workers that have not moved for longer than they should.",
               static_cast<double>(daemon.stuck_workers().size()));
  scrape.gauge("settings_reload_failed", "1 when the last change of the settings was refused.",
               daemon.settings_error.empty() ? 0 : 1);
  auto& next = scrape.gauge("next_job_timestamp_seconds", "When a job of the schedule is due.");
  for (const auto& job : daemon.next) Scrape::set_time(next, {{"task", job.job}}, job.at);
  add_cycles(scrape, daemon);
}

void add_process(Scrape& scrape, const MetricsInput& input) {
  auto& answers = scrape.counter("http_requests", "Answers of the local endpoints by class of their status.");
  for (std::size_t digit = 2; digit < input.http.answers.size(); ++digit)
    Scrape::add(answers, {{"code", std::to_string(digit) + "xx"}}, input.http.answers[digit]);
  scrape.counter("http_dropped_connections", "Connections that ended without an answer.", input.http.dropped);
  scrape.gauge("process_resident_bytes", "Memory of the process that is in use.",
               static_cast<double>(input.resident_bytes));
  scrape.gauge("process_open_fds", "Open file descriptors of the process.", static_cast<double>(input.open_fds));
}

}  // namespace

std::string metrics_text(const MetricsInput& input) {
  Scrape scrape;
  Scrape::set(scrape.gauge("build_info", "The version of the program; always 1."), {{"version", kVersion}}, 1);
  scrape.gauge("up", "1 while the daemon runs.", 1);
  scrape.gauge("healthy", "1 when `damsync status --check` has nothing to say.", input.status.healthy() ? 1 : 0);
  add_accounts(scrape, input.status);
  add_store(scrape, input.status);
  add_receivers(scrape, input.status);
  add_nights(scrape, input.status);
  if (input.status.daemon) add_daemon(scrape, *input.status.daemon);
  add_process(scrape, input);
  return scrape.text();
}

std::int64_t resident_bytes_of_process() {
  std::ifstream in("/proc/self/statm");
  std::int64_t size = 0, resident = 0;
  if (!(in >> size >> resident)) return 0;
  return resident * ::sysconf(_SC_PAGESIZE);
}

std::int64_t open_fds_of_process() {
  std::error_code failure;
  const auto listing = std::filesystem::directory_iterator("/proc/self/fd", failure);
  if (failure) return 0;
  return std::max<std::int64_t>(0, std::distance(begin(listing), end(listing)) - 1);  // the listing has one of its own
}

}  // namespace damsync
