#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/daemon_call.h"
#include "daemon/cli/json_fields.h"
#include "storage/base/text.h"
#include "storage/files/instance_lock.h"
#include "storage/ledger/spend_brake.h"
#include "storage/ledger/spend_ledger.h"
#include "storage/ledger/spend_mark.h"
#include "storage/sqlite/database.h"

namespace damsync {
namespace {

/// Who sits there: the person behind sudo, else the user of the process.
std::string person() {
  if (const char* name = std::getenv("SUDO_USER"); name != nullptr && *name != '\0') return printable(name);
  const auto* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : fmt::format("uid {}", ::getuid());
}

class SpendCommand final : public Command {
 public:
  std::string_view name() const override { return "spend"; }
  std::string_view summary() const override {
    return "Decide a spending call whose outcome is not known, or let paying go on that was stopped";
  }

  void declare(Arguments& arguments) override {
    arguments.word(
        "what", what_, {"settle", "forget", "acknowledge"},
        "settle: the download was counted, it is never asked for again; forget: nothing was counted, it may "
        "be asked for again; acknowledge: you have looked at what stopped paying (a catalog that came back from "
        "a backup, files that were not what was paid for), and it may go on");
    arguments.optional_positional("ID", id_, "of settle and forget, see `damsync list spends --state open`");
    arguments.text("--reason", reason_, "TEXT", "how you know; kept with your name");
  }

  Result<ExitCode> run(CommandContext& context) override {
    if (reason_.empty()) return make_error(ErrorCode::kUsage, "--reason TEXT is needed: it is kept as evidence");
    const bool takes_id = what_ != "acknowledge";
    if (takes_id == id_.empty())
      return make_error(ErrorCode::kUsage, takes_id ? fmt::format("spend {} needs the ID of a spend", what_)
                                                    : fmt::format("spend {} takes no ID", what_));
    const auto spend_id = takes_id ? parse_id() : Result<std::int64_t>(0);
    if (!spend_id) return spend_id.error();
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const auto& path = loaded->settings.catalog.path;
    if (!std::filesystem::exists(path)) return takes_id ? unknown_id() : nothing_to_acknowledge();
    const auto lock = InstanceLock::take(path.string() + ".lock");
    if (!lock) return explain_held(loaded->settings, lock.error());
    const auto db = Database::open(path, OpenMode::kWrite);
    if (!db) return db.error();
    if (!takes_id) return acknowledge(context, **db);
    SpendLedger ledger(**db);
    if (auto decided = decide(ledger, *spend_id, context.clock.utc()); !decided) return decided.error();
    print(context, *ledger.find(*spend_id));
    return ExitCode::kDone;
  }

 private:
  static Error nothing_to_acknowledge() {
    return make_error(ErrorCode::kUsage, "there is nothing to acknowledge: nothing stops paying");
  }

  Result<ExitCode> acknowledge(CommandContext& context, Database& db) const {
    SpendMark mark(db);
    SpendBrake brake(db);
    Status stopped = mark.check();
    for (const auto& account : Catalog(db).accounts())
      if (stopped) stopped = brake.check(account);
    if (stopped) return nothing_to_acknowledge();
    if (auto done = mark.acknowledge(person(), reason_, context.clock.utc()); !done) return done.error();
    brake.release();
    if (context.options.json)
      context.out.json(Json::object({{"acknowledged", stopped.error().message}, {"mark", mark.path().string()}}));
    else
      context.out.line(fmt::format("acknowledged, and noted in {}: paying may go on", printable(mark.path().string())));
    return ExitCode::kDone;
  }

  [[nodiscard]] Error unknown_id() const {
    return make_error(ErrorCode::kUsage,
                      fmt::format("there is no spend {}; see `damsync list spends`", printable(id_)));
  }

  [[nodiscard]] Result<std::int64_t> parse_id() const {
    std::int64_t value = 0;
    const char* last = id_.data() + id_.size();
    const auto [end, failure] = std::from_chars(id_.data(), last, value);
    if (failure != std::errc{} || end != last || value <= 0) return unknown_id();
    return value;
  }

  Status decide(SpendLedger& ledger, std::int64_t spend_id, UtcTime now) const {
    const auto row = ledger.find(spend_id);
    if (!row) return unknown_id();
    if (!row->open())
      return make_error(ErrorCode::kUsage, fmt::format("spend {} is decided already: {}; the book is not rewritten",
                                                       spend_id, to_word(*row->outcome)));
    ledger.decide(spend_id, what_ == "settle" ? SpendOutcome::kSpent : SpendOutcome::kNotSpent, person(), reason_, now);
    return {};
  }

  static void print(CommandContext& context, const SpendRow& row) {
    if (context.options.json)
      context.out.json(json_of(row));
    else
      context.out.line(fmt::format("spend {} of asset {} ({}) is {}", row.spend_id, printable(row.asset_id),
                                   row.account,
                                   *row.outcome == SpendOutcome::kSpent ? "spent: it is never asked for again"
                                                                        : "not spent: it may be asked for again"));
  }

  std::string what_, id_, reason_;
};

}  // namespace

std::unique_ptr<Command> make_spend_command() { return std::make_unique<SpendCommand>(); }

}  // namespace damsync
