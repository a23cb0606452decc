#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/daemon_call.h"
#include "daemon/cli/spend_verbs.h"
#include "daemon/state_lock.h"
#include "storage/base/text.h"
#include "storage/sqlite/database.h"

namespace damsync {
namespace {

/// Who sits there: the person behind sudo, else the user of the process.
std::string person() {
  if (const char* name = std::getenv("SUDO_USER"); name != nullptr && *name != '\0') return printable(name);
  const auto* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : fmt::format("uid {}", ::getuid());
}

/// For the daemon.
Json request_for(const SpendVerb& verb) {
  return Json::object(
      {{"do", "spend"}, {"what", verb.what}, {"spend_id", verb.spend_id}, {"by", verb.by}, {"reason", verb.reason}});
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
    const SpendVerb verb{what_, *spend_id, person(), reason_};
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const auto& path = loaded->settings.catalog.path;
    if (!std::filesystem::exists(path)) return takes_id ? unknown_spend(id_) : nothing_to_acknowledge();
    if (auto answer = ask_daemon(context, loaded->settings, request_for(verb))) return *answer;
    const auto lock = lock_state(path);
    if (!lock) return explain_held(loaded->settings, lock.error());
    const auto db = Database::open(path, OpenMode::kWrite);
    if (!db) return db.error();
    return print_answer(context, decide_spend(**db, verb, context.clock.utc()));
  }

 private:
  [[nodiscard]] Result<std::int64_t> parse_id() const {
    std::int64_t value = 0;
    const char* last = id_.data() + id_.size();
    const auto [end, failure] = std::from_chars(id_.data(), last, value);
    if (failure != std::errc{} || end != last || value <= 0) return unknown_spend(id_);
    return value;
  }

  std::string what_, id_, reason_;
};

}  // namespace

std::unique_ptr<Command> make_spend_command() { return std::make_unique<SpendCommand>(); }

}  // namespace damsync
