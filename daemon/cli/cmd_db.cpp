#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/daemon_call.h"
#include "daemon/cli/json_fields.h"
#include "daemon/cli/progress_line.h"
#include "daemon/composition.h"
#include "daemon/jobs/rebuild_job.h"
#include "daemon/state_lock.h"
#include "storage/base/text.h"
#include "storage/base/units.h"
#include "storage/catalog/maintenance.h"
#include "storage/ledger/spend_mark.h"
#include "storage/sqlite/migrator.h"

namespace damsync {
namespace {

std::int64_t size_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

class DbCommand final : public Command {
 public:
  std::string_view name() const override { return "db"; }
  std::string_view summary() const override { return "Take care of the catalog"; }

  void declare(Arguments& arguments) override {
    arguments.word("what", what_, {"status", "check", "backup", "restore", "rebuild"},
                   "status; check: examine every page; backup: write a copy to FILE, also while a sync runs; restore: "
                   "put the copy FILE in the catalog's place, the old one is set aside; rebuild: make the catalog "
                   "again from the sidecars in the store, then read the providers' history");
    arguments.optional_positional("FILE", file_, "of backup and restore");
    arguments.flag("--force", force_, "rebuild: also when the catalog is sound");
    arguments.flag("--offline", offline_, "rebuild: from the store alone; the next `sync --full` reads the history");
    arguments.footer("A copy made with cp while damsync runs may be torn; use `db backup`.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    const bool takes_file = what_ == "backup" || what_ == "restore";
    if (takes_file == file_.empty())
      return make_error(ErrorCode::kUsage, takes_file ? fmt::format("db {} needs a FILE", what_)
                                                      : fmt::format("db {} takes no FILE", what_));
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const std::filesystem::path& catalog = loaded->settings.catalog.path;
    if (what_ == "restore") return restore(context, loaded->settings);
    if (what_ == "rebuild") return rebuild(context, loaded->settings);
    auto db = open_catalog(loaded->settings);
    if (!db) return db.error();
    if (what_ == "backup") return backup(context, catalog, db->get());
    return what_ == "check" ? check(context, catalog, db->get()) : status(context, catalog, db->get());
  }

 private:
  Result<ExitCode> backup(CommandContext& context, const std::filesystem::path& catalog, Database* db) const {
    if (db == nullptr)
      return make_error(ErrorCode::kStorage, fmt::format("there is no catalog at {} to back up", catalog.string()));
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(file_, ignored)))
      return make_error(ErrorCode::kUsage, fmt::format("{} is there already, and a backup never overwrites; name "
                                                       "another file",
                                                       printable(file_)));
    if (auto copied = backup_catalog(*db, file_, context.clock.utc()); !copied) return copied.error();
    if (context.options.json)
      context.out.json(Json::object({{"file", file_}, {"bytes", size_of(file_)}}));
    else
      context.out.line(fmt::format("{} is written, {}", printable(file_), format_size(size_of(file_))));
    return ExitCode::kDone;
  }

  Result<ExitCode> restore(CommandContext& context, const Settings& settings) const {
    const std::filesystem::path& catalog = settings.catalog.path;
    const auto lock = lock_state(catalog);
    if (!lock) return explain_held(settings, lock.error());
    const auto aside = restore_backup(catalog, file_, context.clock.utc());
    if (!aside) return aside.error();
    const std::string forgotten = forgotten_spends(catalog);
    if (context.options.json) {
      context.out.json(Json::object({{"catalog", catalog.string()},
                                     {"set_aside", *aside ? Json((*aside)->string()) : Json()},
                                     {"forgotten_spends", json_text(forgotten)}}));
      return ExitCode::kDone;
    }
    context.out.line(fmt::format("{} is restored from {}", catalog.string(), printable(file_)));
    if (*aside) context.out.line(fmt::format("what stood there is {}", (*aside)->string()));
    context.out.line("The next `damsync sync --full` brings it up to date.");
    if (!forgotten.empty()) context.out.line(printable("Attention: " + forgotten));
    return ExitCode::kDone;
  }

  Result<ExitCode> rebuild(CommandContext& context, const Settings& settings) const {
    ProgressLine line(STDERR_FILENO, context.log, !context.options.quiet);
    const auto outcome = rebuild_catalog(settings, force_ ? RebuildOver::kAnything : RebuildOver::kDamagedOnly,
                                         context.clock, line.sink(), context.stop);
    if (!outcome) return explain_held(settings, outcome.error());
    std::optional<RunSummary> history;
    if (!offline_) {
      auto run = read_history(context, settings, line.sink());
      if (!run) return run.error();
      history = std::move(*run);
    }
    if (context.options.json)
      context.out.json(json_of(*outcome, settings.catalog.path, history));
    else
      print(context.out, *outcome, settings.catalog.path, history);
    if (history) return exit_code_of(*history);
    return outcome->summary.skipped.empty() ? ExitCode::kDone : ExitCode::kIncomplete;
  }

  static Result<RunSummary> read_history(CommandContext& context, const Settings& settings,
                                         const ProgressSink& progress) {
    const auto workspace = open_workspace(settings, context.clock, context.log);
    if (!workspace) return workspace.error();
    SyncOptions options;
    options.full = true;
    return Composition(settings, **workspace, context.clock, context.log).sync(options, {progress, {}, context.stop});
  }

  static Json json_of(const RebuildOutcome& outcome, const std::filesystem::path& catalog,
                      const std::optional<RunSummary>& history) {
    const auto& s = outcome.summary;
    Json skipped = Json::array();
    for (const auto& one : s.skipped) skipped.push(one);
    return Json::object({{"catalog", catalog.string()},
                         {"set_aside", outcome.set_aside ? Json(outcome.set_aside->string()) : Json()},
                         {"assets", s.assets},
                         {"licenses", s.licenses},
                         {"files", s.files},
                         {"missing", s.missing},
                         {"corrupt", s.corrupt},
                         {"skipped", std::move(skipped)},
                         {"sync", history ? damsync::json_of(*history) : Json()}});
  }

  static void print(Output& out, const RebuildOutcome& outcome, const std::filesystem::path& catalog,
                    const std::optional<RunSummary>& history) {
    const auto& s = outcome.summary;
    for (const auto& one : s.skipped) out.line(fmt::format("not used: {}", one));
    out.line(fmt::format("{} is made again from the store: {} assets, {} licenses, {} files, {} missing, {} changed",
                         catalog.string(), s.assets, s.licenses, s.files, s.missing, s.corrupt));
    if (outcome.set_aside) out.line(fmt::format("what stood there is {}", outcome.set_aside->string()));
    if (!history) return out.line("The next `damsync sync --full` reads the providers' history.");
    for (const auto& account : history->accounts)
      out.line(fmt::format("{}: {} licenses in the history, {} new to the store{}", account.name, account.licenses_seen,
                           account.licenses_new,
                           account.error ? ", not finished: " + printable(account.error->message) : ""));
  }

  /// What a person must know when calls were paid for that the restored catalog has no row of.
  static std::string forgotten_spends(const std::filesystem::path& catalog) {
    const auto db = Database::open(catalog, OpenMode::kRead);
    if (!db) return {};
    const Status known = SpendMark(**db).check();
    return known ? std::string() : known.error().message;
  }

  static Result<ExitCode> check(CommandContext& context, const std::filesystem::path& catalog, Database* db) {
    const auto faults = db == nullptr ? std::vector<std::string>() : check_catalog(*db);
    if (context.options.json) {
      Json list = Json::array();
      for (const auto& fault : faults) list.push(fault);
      context.out.json(Json::object({{"path", catalog.string()}, {"ok", faults.empty()}, {"faults", std::move(list)}}));
    } else if (faults.empty()) {
      context.out.line(fmt::format("{}: {}", catalog.string(), db == nullptr ? "no catalog yet" : "sound"));
    } else {
      for (const auto& fault : faults) context.out.line(printable(fault));
    }
    return faults.empty() ? ExitCode::kDone : ExitCode::kSettings;
  }

  static Result<ExitCode> status(CommandContext& context, const std::filesystem::path& catalog, Database* db) {
    if (db == nullptr) {
      if (context.options.json)
        context.out.json(Json::object({{"path", catalog.string()}, {"exists", false}}));
      else
        context.out.line(fmt::format("{}: no catalog yet; `damsync sync` makes it", catalog.string()));
      return ExitCode::kDone;
    }
    const auto status = catalog_status(*db);
    if (context.options.json)
      context.out.json(json_of(status, catalog));
    else
      print(context.out, status, catalog);
    return ExitCode::kDone;
  }

  static Json json_of(const CatalogStatus& status, const std::filesystem::path& catalog) {
    Json rows = Json::object();
    for (const auto& [table, count] : status.rows) rows.set(table, count);
    return Json::object({{"path", catalog.string()},
                         {"exists", true},
                         {"schema_version", status.schema_version},
                         {"bytes", status.bytes},
                         {"wal_bytes", status.wal_bytes},
                         {"rows", std::move(rows)},
                         {"last_backup_at", json_time(status.last_backup_at)},
                         {"last_backup_path", json_text(status.last_backup_path)}});
  }

  static void print(Output& out, const CatalogStatus& status, const std::filesystem::path& catalog) {
    out.line(fmt::format("{}: schema version {}, {}, write-ahead log {}", catalog.string(), status.schema_version,
                         format_size(status.bytes), format_size(status.wal_bytes)));
    std::size_t width = 0;
    for (const auto& [table, count] : status.rows) width = std::max(width, table.size());
    for (const auto& [table, count] : status.rows) out.line(fmt::format("  {:<{}}  {:>9}", table, width, count));
    out.line(status.last_backup_at ? fmt::format("last backup {} to {}", format_rfc3339(*status.last_backup_at),
                                                 printable(status.last_backup_path))
                                   : "no backup yet: `damsync db backup FILE` makes one");
  }

  std::string what_, file_;
  bool force_ = false, offline_ = false;
};

}  // namespace

std::unique_ptr<Command> make_db_command() { return std::make_unique<DbCommand>(); }

}  // namespace damsync
