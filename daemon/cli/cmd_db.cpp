#include <fmt/format.h>

#include <filesystem>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/json_fields.h"
#include "storage/base/text.h"
#include "storage/base/units.h"
#include "storage/catalog/maintenance.h"
#include "storage/files/instance_lock.h"
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
    arguments.word("what", what_, {"status", "check", "backup", "restore"},
                   "status; check: examine every page; backup: write a copy to FILE, also while a sync runs; restore: "
                   "put the copy FILE in the catalog's place, the old one is set aside");
    arguments.optional_positional("FILE", file_, "of backup and restore");
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
    if (what_ == "restore") return restore(context, catalog);
    auto db = open_catalog(loaded->settings);
    if (!db) return db.error();
    if (what_ == "backup") return backup(context, catalog, db->get());
    return what_ == "check" ? check(context, catalog, db->get()) : status(context, catalog, db->get());
  }

 private:
  Result<ExitCode> backup(CommandContext& context, const std::filesystem::path& catalog, Database* db) const {
    if (db == nullptr)
      return make_error(ErrorCode::kStorage, fmt::format("there is no catalog at {} to back up", catalog.string()));
    if (auto copied = backup_catalog(*db, file_, context.clock.utc()); !copied) return copied.error();
    if (context.options.json)
      context.out.json(Json::object({{"file", file_}, {"bytes", size_of(file_)}}));
    else
      context.out.line(fmt::format("{} is written, {}", printable(file_), format_size(size_of(file_))));
    return ExitCode::kDone;
  }

  Result<ExitCode> restore(CommandContext& context, const std::filesystem::path& catalog) const {
    const auto lock = InstanceLock::take(catalog.string() + ".lock");
    if (!lock) return lock.error();
    const auto aside = restore_backup(catalog, file_, context.clock.utc());
    if (!aside) return aside.error();
    if (context.options.json) {
      context.out.json(
          Json::object({{"catalog", catalog.string()}, {"set_aside", *aside ? Json((*aside)->string()) : Json()}}));
      return ExitCode::kDone;
    }
    context.out.line(fmt::format("{} is restored from {}", catalog.string(), printable(file_)));
    if (*aside) context.out.line(fmt::format("what stood there is {}", (*aside)->string()));
    context.out.line("The next `damsync sync --full` brings it up to date.");
    return ExitCode::kDone;
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
    for (const auto& [table, count] : status.rows) out.line(fmt::format("  {:<14} {}", table, count));
    out.line(status.last_backup_at ? fmt::format("last backup {} to {}", format_rfc3339(*status.last_backup_at),
                                                 printable(status.last_backup_path))
                                   : "no backup yet: `damsync db backup FILE` makes one");
  }

  std::string what_, file_;
};

}  // namespace

std::unique_ptr<Command> make_db_command() { return std::make_unique<DbCommand>(); }

}  // namespace damsync
