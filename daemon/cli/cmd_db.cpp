#include <fmt/format.h>

#include <filesystem>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/json_fields.h"
#include "storage/base/text.h"
#include "storage/base/units.h"
#include "storage/catalog/catalog_care.h"
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
    if (what_ == "backup") return backup(context, catalog);
    if (what_ == "restore") return restore(context, catalog);
    auto db = open_catalog(loaded->settings);
    if (!db) return db.error();
    return what_ == "check" ? check(context, catalog, db->get()) : status(context, catalog, db->get());
  }

 private:
  Result<ExitCode> backup(CommandContext& context, const std::filesystem::path& catalog) const {
    if (auto copied = backup_catalog(catalog, file_); !copied) return copied.error();
    if (context.options.json)
      context.out.json(Json::object({{"file", file_}, {"bytes", size_of(file_)}}));
    else
      context.out.line(fmt::format("{} is written, {}", printable(file_), format_size(size_of(file_))));
    return ExitCode::kDone;
  }

  Result<ExitCode> restore(CommandContext& context, const std::filesystem::path& catalog) const {
    const auto lock = InstanceLock::take(catalog.string() + ".lock");
    if (!lock) return lock.error();
    const auto aside = restore_catalog(file_, catalog, context.clock.utc());
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
    const auto faults = db == nullptr ? std::vector<std::string>() : find_faults(*db);
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
    const std::int64_t bytes = size_of(catalog), wal = size_of(catalog.string() + "-wal");
    Json answer = Json::object({{"path", catalog.string()},
                                {"exists", db != nullptr},
                                {"schema_version", db == nullptr ? Json() : Json(schema_version(*db))},
                                {"bytes", bytes},
                                {"wal_bytes", wal}});
    Json accounts = Json::array();
    if (db != nullptr)
      for (const auto& account : Catalog(*db).accounts()) accounts.push(account);
    answer.set("accounts", accounts);
    if (context.options.json) {
      context.out.json(answer);
      return ExitCode::kDone;
    }
    if (db == nullptr) {
      context.out.line(fmt::format("{}: no catalog yet; `damsync sync` makes it", catalog.string()));
      return ExitCode::kDone;
    }
    context.out.line(fmt::format("{}: schema version {}, {}, write-ahead log {}", catalog.string(), schema_version(*db),
                                 format_size(bytes), format_size(wal)));
    for (const auto& account : *accounts.if_array()) context.out.line("  account " + printable(*account.if_string()));
    return ExitCode::kDone;
  }

  std::string what_, file_;
};

}  // namespace

std::unique_ptr<Command> make_db_command() { return std::make_unique<DbCommand>(); }

}  // namespace damsync
