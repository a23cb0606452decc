#include "daemon/composition.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <utility>

#include "daemon/config/secrets.h"
#include "storage/base/ulid.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/files/file_store.h"
#include "storage/files/instance_lock.h"
#include "storage/files/path_layout.h"
#include "storage/files/posix_file_ops.h"
#include "storage/journal/change_journal.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/transaction.h"
#include "sync/pipeline/cycle.h"
#include "sync/pipeline/file_work.h"
#include "sync/pipeline/plan_reading.h"
#include "sync/pipeline/run.h"
#include "sync/pipeline/sidecar_work.h"
#include "sync/providers/offline_connection.h"
#include "sync/providers/provider_factory.h"
#include "sync/sidecar/json_writer.h"
#include "sync/sidecar/xmp_writer.h"

namespace damsync {
namespace {

constexpr const char* kStoreId = "store_id";
constexpr const char* kStoreIdIntended = "store_id_intended";

std::vector<std::unique_ptr<SidecarWriter>> make_sidecar_writers(const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<SidecarWriter>> writers;
  for (const auto& name : names) {
    if (name == "json") writers.push_back(std::make_unique<JsonWriter>());
    if (name == "xmp") writers.push_back(std::make_unique<XmpWriter>());
  }
  return writers;
}

Status make_state_directory(const std::filesystem::path& directory) {
  std::error_code failure;
  if (std::filesystem::is_directory(directory, failure)) return {};
  std::filesystem::create_directory(directory, failure);
  if (!failure) std::filesystem::permissions(directory, std::filesystem::perms(0750), failure);
  if (!failure) return {};
  return make_error(ErrorCode::kStorage,
                    fmt::format("cannot make the state directory {}: {}", directory.string(), failure.message()));
}

bool wanted(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

/// The objects of one command, in the order they depend on each other.
struct Composition::Graph {
  std::optional<InstanceLock> lock;
  std::unique_ptr<Database> db;
  std::unique_ptr<FileOps> ops;
  std::unique_ptr<FileStore> store;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<CatalogWriter> writer;
  std::unique_ptr<ChangeJournal> journal;
  std::optional<PathLayout> layout;
  std::vector<std::unique_ptr<SidecarWriter>> sidecar_writers;
};

Composition::Composition(const Settings& settings, Clock& clock, Log& log)
    : settings_(settings), clock_(clock), log_(log) {}
Composition::~Composition() = default;

Status Composition::open_catalog(Graph& graph, Access access) {
  const auto& path = settings_.catalog.path;
  if (access == Access::kWrite) {
    if (auto made = make_state_directory(path.parent_path()); !made) return made;
    auto lock = InstanceLock::take(path.string() + ".lock");
    if (!lock) return lock.error();
    graph.lock.emplace(std::move(*lock));
  }
  auto db = access == Access::kWrite ? Database::open(path, OpenMode::kWrite) : Database::open_copy(path);
  if (!db) return db.error();
  graph.db = std::move(*db);
  graph.catalog = std::make_unique<Catalog>(*graph.db);
  graph.writer = std::make_unique<CatalogWriter>(*graph.db);
  graph.journal = std::make_unique<ChangeJournal>(*graph.db, clock_);
  auto layout = PathLayout::parse(settings_.store.layout);
  if (!layout) return layout.error();
  graph.layout.emplace(std::move(*layout));
  graph.sidecar_writers = make_sidecar_writers(settings_.store.sidecars);
  return {};
}

/// The catalog notes which store it is about to begin before the store gets its sentinel, so that a crash in between is
/// told from a store that belongs to another catalog.
Status Composition::open_store(Graph& graph) {
  std::string id = graph.catalog->setting(kStoreId);
  const bool known = !id.empty();
  auto ops = open_store_root(settings_.store.root.string(), known ? MissingRoot::kGuard : MissingRoot::kCreate);
  if (!ops) return ops.error();
  graph.ops = std::move(*ops);
  graph.store = std::make_unique<FileStore>(*graph.ops);
  if (!known) id = graph.catalog->setting(kStoreIdIntended);
  if (id.empty()) {
    id = make_ulid(clock_.utc());
    Transaction tx(*graph.db);
    graph.writer->put_setting(kStoreIdIntended, id);
    tx.commit();
  }
  if (auto opened = graph.store->open(id, known); !opened) return opened;
  if (!known) {
    Transaction tx(*graph.db);
    graph.writer->put_setting(kStoreId, id);
    tx.commit();
  }
  const auto swept = graph.store->sweep();
  if (!swept) return swept.error();
  if (*swept > 0) log_.info("store.swept", {{"leftovers", std::to_string(*swept)}});
  return {};
}

Policy Composition::policy_for(const AccountSettings& account, const SyncOptions& options) const {
  const auto& accepted = options.accept_withdrawals;
  Policy policy;
  policy.full = options.full;
  policy.dry_run = options.dry_run;
  policy.ignore_backoff = options.ignore_backoff;
  policy.accept_withdrawals = !accepted.empty() && wanted(accepted, account.provider.account);
  policy.brake_share = settings_.limits.deletion_brake;
  policy.recheck_within = account.provider.recheck;
  policy.workers = account.provider.concurrency;
  policy.transfer.min_free = settings_.store.min_free;
  policy.spending.may_consume = account.may_consume;
  policy.spending.budget_per_day = account.budget_per_day;
  policy.spending.min_free = settings_.store.min_free;
  return policy;
}

/// Connects one account and hands its cycle to `work`; what prevents that is the account's error, not the run's.
AccountSummary Composition::with_account(Graph& graph, const AccountSettings& account, const Policy& policy,
                                         const Observers& observers, const AccountWork& work) {
  AccountSummary summary;
  summary.name = account.provider.account;
  summary.provider = account.provider.provider;
  SecretSource secrets(log_.redactor());
  const auto resolved = resolve_account(account, secrets);
  if (!resolved) {
    summary.error = resolved.error();
    return summary;
  }
  auto connection = make_connection(*resolved, clock_, log_);
  if (!connection) {
    summary.error = connection.error();
    return summary;
  }
  {
    Transaction tx(*graph.db);
    graph.writer->ensure_account(summary.name, summary.provider, clock_.utc());
    tx.commit();
  }
  Cycle cycle{summary.name,
              (*connection)->provider(),
              (*connection)->downloads(),
              *graph.db,
              *graph.catalog,
              *graph.writer,
              *graph.journal,
              graph.store.get(),
              *graph.layout,
              graph.sidecar_writers,
              clock_,
              log_,
              policy,
              observers.progress,
              observers.plan,
              std::move(summary)};
  work(cycle, **connection);
  cycle.summary.calls_free = (*connection)->calls().free.load();
  cycle.summary.calls_spending = (*connection)->calls().spending.load();
  return std::move(cycle.summary);
}

Result<RunSummary> Composition::sync(const SyncOptions& options, const ProgressSink& progress, const PlanSink& plan,
                                     std::stop_token stop) {
  for (const auto* names : {&options.accounts, &options.accept_withdrawals})
    if (auto known = check_accounts(*names); !known) return known.error();
  Graph graph;
  if (auto opened = open_catalog(graph, options.dry_run ? Access::kCopy : Access::kWrite); !opened)
    return opened.error();
  if (!options.dry_run)
    if (auto opened = open_store(graph); !opened) return opened.error();

  RunSummary run;
  run.started_at = clock_.utc();
  run.run_id = make_ulid(run.started_at);
  run.dry_run = options.dry_run;
  run.ok = true;
  for (const auto& account : settings_.accounts) {
    if (!wanted(options.accounts, account.provider.account)) continue;
    const Policy policy = policy_for(account, options);
    auto summary =
        with_account(graph, account, policy, {progress, plan}, [&](Cycle& cycle, AccountConnection& connection) {
          SyncRun(cycle).run(stop);
          if (options.dry_run || stop.stop_requested()) return;
          read_plans_if_due(*graph.db, cycle.account, connection.plans(), clock_, log_, stop);
        });
    run.ok = run.ok && !summary.error && summary.files_failed + summary.assets_failed + summary.items_rejected == 0;
    log_summary(summary);
    run.accounts.push_back(std::move(summary));
  }
  run.ok = run.ok && !stop.stop_requested();
  run.finished_at = clock_.utc();
  if (!options.dry_run) {
    Transaction tx(*graph.db);
    graph.writer->put_run(run);
    tx.commit();
  }
  return run;
}

Result<VerifySummary> Composition::verify(const VerifyOptions& options, const ProgressSink& progress,
                                          std::stop_token stop) {
  Graph graph;
  if (auto opened = open_catalog(graph, Access::kWrite); !opened) return opened.error();
  if (auto opened = open_store(graph); !opened) return opened.error();
  auto summary =
      Verifier({*graph.db, *graph.catalog, *graph.writer, *graph.store, clock_, progress}).run(options, stop);
  if (!summary || !options.repair || summary->missing + summary->corrupt == 0) return summary;

  SyncOptions as_asked;
  for (const auto& account : settings_.accounts) {
    const auto repaired = with_account(
        graph, account, policy_for(account, as_asked), {progress, {}}, [&](Cycle& cycle, AccountConnection&) {
          if (!cycle.provider.capabilities().free_refetch) return;
          SidecarWork sidecars(cycle);
          if (auto done = FileWork(cycle, sidecars, FileScope::kDamaged).run(stop); !done)
            cycle.summary.error = done.error();
        });
    if (repaired.error)
      log_.error("verify.repair_failed", {{"account", repaired.name}, {"reason", repaired.error->message}});
  }
  for (const auto& finding : summary->findings) {
    const auto file = graph.catalog->find_file_at(finding.path);
    if (file && file->state == FileState::kMirrored) ++summary->repaired;
  }
  return summary;
}

Result<AdoptSummary> Composition::adopt(const AdoptOptions& options, const ProgressSink& progress,
                                        const AdoptSink& tell, std::stop_token stop) {
  if (!options.account.empty())
    if (auto known = check_accounts({options.account}); !known) return known.error();
  Graph graph;
  if (auto opened = open_catalog(graph, options.dry_run ? Access::kCopy : Access::kWrite); !opened)
    return opened.error();
  if (!options.dry_run)
    if (auto opened = open_store(graph); !opened) return opened.error();

  const Policy policy;
  std::vector<std::unique_ptr<AccountConnection>> connections;
  std::deque<Cycle> cycles;  // whose places stay
  Adopter::Parts parts{{}, settings_.store.root.string(), settings_.store.min_free, progress, tell};
  for (const auto& account : settings_.accounts) {
    const auto& [name, provider] = std::tie(account.provider.account, account.provider.provider);
    if (!options.account.empty() && name != options.account) continue;
    auto connection = make_offline_connection(name, provider);
    if (!connection) return connection.error();
    connections.push_back(std::move(*connection));
    auto& offline = *connections.back();
    cycles.push_back(Cycle{name,
                           offline.provider(),
                           offline.downloads(),
                           *graph.db,
                           *graph.catalog,
                           *graph.writer,
                           *graph.journal,
                           graph.store.get(),
                           *graph.layout,
                           graph.sidecar_writers,
                           clock_,
                           log_,
                           policy,
                           progress,
                           {},
                           {}});
    parts.accounts.push_back(&cycles.back());
  }
  return Adopter(std::move(parts), options).run(stop);
}

Status Composition::check_accounts(const std::vector<std::string>& names) const {
  for (const auto& name : names) {
    const bool known = std::any_of(settings_.accounts.begin(), settings_.accounts.end(),
                                   [&](const AccountSettings& a) { return a.provider.account == name; });
    if (!known)
      return make_error(ErrorCode::kUsage,
                        fmt::format("no [[account]] is named '{}' in {}", name, settings_.file.string()));
  }
  return {};
}

/// One line a cycle, and none when nothing happened.
void Composition::log_summary(const AccountSummary& s) {
  const auto happened = s.licenses_new + s.licenses_vanished + s.assets_updated + s.assets_withdrawn +
                        s.files_mirrored + s.files_failed + s.files_blocked + s.assets_failed + s.items_rejected;
  const auto level = happened > 0 || s.error ? LogLevel::kInfo : LogLevel::kDebug;
  log_.write(level, "sync.finished",
             {{"account", s.name},
              {"licenses_new", std::to_string(s.licenses_new)},
              {"assets_updated", std::to_string(s.assets_updated)},
              {"assets_withdrawn", std::to_string(s.assets_withdrawn)},
              {"files_mirrored", std::to_string(s.files_mirrored)},
              {"files_failed", std::to_string(s.files_failed)},
              {"files_blocked", std::to_string(s.files_blocked)},
              {"bytes", std::to_string(s.bytes)},
              {"calls", std::to_string(s.calls_free + s.calls_spending)},
              {"error", s.error ? s.error->message : "none"}});
}

}  // namespace damsync
