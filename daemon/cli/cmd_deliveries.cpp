#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/json_fields.h"
#include "daemon/cli/time_filter.h"
#include "daemon/deliveries.h"
#include "storage/base/text.h"
#include "storage/base/units.h"
#include "storage/files/instance_lock.h"
#include "storage/journal/feed_reader.h"
#include "storage/journal/outbox.h"
#include "storage/sqlite/database.h"
#include "sync/deliver/wanted.h"

namespace damsync {
namespace {

constexpr const char* kNext = "they leave with the daemon, the next sync, or `damsync deliveries run`";

/// `ok, quiet until 2026-03-15T00:10:00Z`
std::string state_text(const ReceiverRow& row, const Settings& settings, UtcTime now) {
  if (filter_of(settings, row.receiver) == nullptr) return "not in the settings";
  std::string text = state_word(row);
  if (row.quiet_until && *row.quiet_until > now)
    text += ", quiet until " + format_rfc3339(std::chrono::floor<std::chrono::seconds>(*row.quiet_until));
  return text;
}

Json json_of(const ReceiverRow& row, const Settings& settings, Database& db) {
  const Outbox outbox(db);
  const EventFilter* filter = filter_of(settings, row.receiver);
  return Json::object({{"kind", "receiver"},
                       {"receiver", row.receiver},
                       {"state", state_word(row)},
                       {"in_settings", filter != nullptr},
                       {"delivered", row.delivered},
                       {"waiting", outbox.count(row.receiver, DeliveryState::kWaiting)},
                       {"dead", outbox.count(row.receiver, DeliveryState::kDead)},
                       {"behind", filter != nullptr ? count_wanted(db, *filter, row.position) : 0},
                       {"position", row.position},
                       {"last_ok_at", json_time(row.last_ok_at)},
                       {"failing_since", json_time(row.failing_since)},
                       {"quiet_until", json_time(row.quiet_until)},
                       {"disabled_at", json_time(row.disabled_at)},
                       {"reason", json_text(row.reason)}});
}

Json json_of(const DeliveryRow& row) {
  const bool waits = row.state == DeliveryState::kWaiting;
  Json out = Json::object({{"kind", "delivery"},
                           {"receiver", row.receiver},
                           {"state", to_word(row.state)},
                           {"attempts", row.attempts},
                           {"next_at", waits ? json_time(row.next_at) : Json()},
                           {"queued_at", json_time(row.queued_at)},
                           {"reason", json_text(row.reason)}});
  const Json change = change_json(row.change);
  for (const auto& [name, value] : *change.if_object()) out.set(name, value);
  return out;
}

class DeliveriesCommand final : public Command {
 public:
  std::string_view name() const override { return "deliveries"; }
  std::string_view summary() const override { return "Show and care for what receivers are to be told"; }

  void declare(Arguments& arguments) override {
    arguments.word("what", what_, {"list", "retry", "replay", "run"},
                   "list: receivers, what waits for them, dead letters; retry: try again now; replay: tell again what "
                   "was told; run: deliver now what is due");
    arguments.optional_positionals("ID", ids_, "with retry: events, as `deliveries list` shows them");
    arguments.text("--receiver", filter_.receiver, "NAME", "only of this receiver");
    arguments.text("--state", state_, "STATE", "with list: only deliveries that are waiting or dead");
    arguments.number("--limit", filter_.limit, "with list: at most so many deliveries; default: all");
    arguments.flag("--all", all_,
                   "with retry: everything that waits or was given up; a disabled receiver is served again");
    arguments.text("--since", since_, "TIME|SEQ", "with replay: what came at or after this time, or after this seq");
    arguments.text("--time-limit", limit_, "DURATION", "with run: stop after that; default: 5m");
  }

  Result<ExitCode> run(CommandContext& context) override {
    if (auto fits = check_words(context); !fits) return fits.error();
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    if (what_ == "list") return list(context, loaded->settings);
    if (what_ == "run") return deliver(context, loaded->settings);
    return change(context, loaded->settings);
  }

 private:
  [[nodiscard]] Status check_words(const CommandContext& context) {
    const auto only = [this](bool given, std::string_view option, std::string_view word) {
      return !given || what_ == word
                 ? Status()
                 : make_error(ErrorCode::kUsage, fmt::format("{} goes with `deliveries {}`", option, word));
    };
    for (const auto& status :
         {only(!ids_.empty(), "ID", "retry"), only(all_, "--all", "retry"), only(!since_.empty(), "--since", "replay"),
          only(!state_.empty(), "--state", "list"), only(filter_.limit.has_value(), "--limit", "list"),
          only(!limit_.empty(), "--time-limit", "run")})
      if (!status) return status;
    if (!state_.empty() && state_ != "waiting" && state_ != "dead")
      return make_error(ErrorCode::kUsage, fmt::format("--state is waiting or dead, not '{}'", printable(state_)));
    if (state_ == "waiting") filter_.state = DeliveryState::kWaiting;
    if (state_ == "dead") filter_.state = DeliveryState::kDead;
    if (what_ == "retry" && ids_.empty() == !all_)
      return make_error(ErrorCode::kUsage, "retry needs the ids of events, or --all");
    if (what_ == "replay") return parse_since(context.clock.utc());
    return {};
  }

  [[nodiscard]] Status parse_since(UtcTime now) {
    constexpr std::size_t kMostDigits = 18;
    if (since_.empty()) return make_error(ErrorCode::kUsage, "replay needs --since TIME or SEQ");
    if (since_.size() <= kMostDigits && since_.find_first_not_of("0123456789") == std::string::npos) {
      since_seq_ = std::stoll(since_);
      return {};
    }
    const auto time = parse_time_filter(since_, now);
    if (!time) return make_error(ErrorCode::kUsage, "--since: " + time.error().message + ", or a seq of the feed");
    since_time_ = *time;
    return {};
  }

  /// The receiver asked for, or all of the settings and the catalog. Errors: kUsage.
  [[nodiscard]] Result<std::vector<ReceiverRow>> chosen(const Outbox& outbox, const Settings& settings) const {
    std::vector<ReceiverRow> rows = outbox.receivers();
    if (filter_.receiver.empty()) return rows;
    std::erase_if(rows, [this](const ReceiverRow& row) { return row.receiver != filter_.receiver; });
    const auto names = receiver_names(settings);
    const bool configured = std::find(names.begin(), names.end(), filter_.receiver) != names.end();
    if (rows.empty() && !configured)
      return make_error(ErrorCode::kUsage, fmt::format("no receiver is called '{}'", printable(filter_.receiver)));
    return rows;
  }

  Result<ExitCode> list(CommandContext& context, const Settings& settings) {
    const auto db = open_catalog(settings);
    if (!db) return db.error();
    if (*db == nullptr) return ExitCode::kDone;
    const Outbox outbox(**db);
    const auto receivers = chosen(outbox, settings);
    if (!receivers) return receivers.error();
    if (state_.empty()) print(context, *receivers, settings, **db);
    if (context.options.json) {
      outbox.list(filter_, [&](const DeliveryRow& row) { return context.out.json(json_of(row)), !context.out.lost(); });
      return ExitCode::kDone;
    }
    print_deliveries(context, outbox);
    return ExitCode::kDone;
  }

  static void print(CommandContext& context, const std::vector<ReceiverRow>& receivers, const Settings& settings,
                    Database& db) {
    if (context.options.json) {
      for (const auto& row : receivers) context.out.json(json_of(row, settings, db));
      return;
    }
    Table table(context.out, {"RECEIVER", "STATE", "DELIVERED", "WAITING", "DEAD", "LAST OK", "REASON"});
    for (const auto& row : receivers)
      table.add({row.receiver, state_text(row, settings, context.clock.utc()), std::to_string(row.delivered),
                 std::to_string(undelivered(db, settings, row)),
                 std::to_string(Outbox(db).count(row.receiver, DeliveryState::kDead)),
                 row.last_ok_at ? format_rfc3339(*row.last_ok_at) : "-", row.reason.empty() ? "-" : row.reason});
  }

  void print_deliveries(CommandContext& context, const Outbox& outbox) const {
    const std::vector<std::string> header = {"EVENT", "RECEIVER", "STATE",    "TYPE",  "ACCOUNT",
                                             "ASSET", "ATTEMPTS", "NEXT TRY", "REASON"};
    std::optional<Table> table;  // none without rows
    outbox.list(filter_, [&](const DeliveryRow& row) {
      if (!table) table.emplace(context.out, header);
      table->add({row.change.id, row.receiver, to_word(row.state), to_word(row.change.type), row.change.account,
                  row.change.asset_id.empty() ? "-" : row.change.asset_id, std::to_string(row.attempts),
                  row.state == DeliveryState::kDead ? "-" : format_rfc3339(row.next_at),
                  row.reason.empty() ? "-" : row.reason});
      return !context.out.lost();
    });
  }

  /// `retry` and `replay`: both write, so no other damsync may work here.
  Result<ExitCode> change(CommandContext& context, const Settings& settings) {
    const auto& path = settings.catalog.path;
    if (!std::filesystem::exists(path))
      return make_error(ErrorCode::kUsage, "nothing was ever synced: there is nothing to tell anybody");
    const auto lock = InstanceLock::take(path.string() + ".lock");
    if (!lock) return lock.error();
    const auto db = Database::open(path, OpenMode::kWrite);
    if (!db) return db.error();
    Outbox outbox(**db);
    outbox.ensure(receiver_names(settings));
    const auto receivers = chosen(outbox, settings);
    if (!receivers) return receivers.error();
    return what_ == "retry" ? retry(context, outbox, *receivers) : replay(context, settings, **db, *receivers);
  }

  Result<ExitCode> retry(CommandContext& context, Outbox& outbox, const std::vector<ReceiverRow>& receivers) const {
    const UtcTime now = context.clock.utc();
    std::int64_t tried = 0;
    DeliveryFilter filter = filter_;
    if (all_) tried = outbox.retry(filter, now);
    for (const auto& id : ids_) {
      filter.id = id;
      const auto found = outbox.retry(filter, now);
      if (found == 0)
        return make_error(ErrorCode::kUsage, fmt::format("no delivery of an event {} waits or was given up; see "
                                                         "`damsync deliveries list`",
                                                         printable(id)));
      tried += found;
    }
    if (all_)
      for (const auto& row : receivers) outbox.enable(row.receiver);
    if (context.options.json)
      context.out.json(Json::object({{"retried", tried}}));
    else
      context.out.line(fmt::format("{} deliveries will be tried again; {}", tried, kNext));
    return ExitCode::kDone;
  }

  Result<ExitCode> replay(CommandContext& context, const Settings& settings, Database& db,
                          const std::vector<ReceiverRow>& receivers) const {
    Outbox outbox(db);
    const std::int64_t position = since_time_ ? outbox.position_before(*since_time_) : since_seq_;
    for (const auto& row : receivers) {
      const EventFilter* filter = filter_of(settings, row.receiver);
      if (filter == nullptr) continue;
      outbox.rewind(row.receiver, position);
      const auto changes = count_wanted(db, *filter, outbox.find_receiver(row.receiver)->position);
      if (context.options.json)
        context.out.json(Json::object({{"receiver", row.receiver}, {"since", position}, {"changes", changes}}));
      else
        context.out.line(fmt::format("{}: {} changes will be told again", row.receiver, changes));
    }
    if (!context.options.json) context.out.line(kNext);
    return ExitCode::kDone;
  }

  Result<ExitCode> deliver(CommandContext& context, const Settings& settings) const {
    const auto limit = parse_duration(limit_.empty() ? "5m" : limit_);
    if (!limit) return make_error(ErrorCode::kUsage, "--time-limit: " + limit.error().message);
    const auto& path = settings.catalog.path;
    if (!std::filesystem::exists(path)) return ExitCode::kDone;
    const auto lock = InstanceLock::take(path.string() + ".lock");
    if (!lock) return lock.error();
    const auto db = Database::open(path, OpenMode::kWrite);
    if (!db) return db.error();
    Outbox(**db).ensure(receiver_names(settings));
    const auto told = deliver_now(settings, **db, context.clock, context.log, *limit, context.stop);
    bool all = true;
    for (const auto& receiver : told.receivers) {
      all = all && receiver.waiting + receiver.dead == 0 && !receiver.disabled;
      if (context.options.json)
        context.out.json(json_of(receiver));
      else
        context.out.line(text_of(receiver));
    }
    if (!told.unusable.empty()) return told.unusable.front();
    return all ? ExitCode::kDone : ExitCode::kIncomplete;
  }

  std::string what_, state_, since_, limit_;
  std::vector<std::string> ids_;
  bool all_ = false;
  DeliveryFilter filter_;
  std::int64_t since_seq_ = 0;
  std::optional<UtcTime> since_time_;
};

}  // namespace

std::unique_ptr<Command> make_deliveries_command() { return std::make_unique<DeliveriesCommand>(); }

}  // namespace damsync
