#include <fmt/format.h>

#include <filesystem>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/daemon_call.h"
#include "daemon/cli/delivery_verbs.h"
#include "daemon/cli/json_fields.h"
#include "daemon/cli/time_filter.h"
#include "daemon/deliveries.h"
#include "daemon/state_lock.h"
#include "storage/base/text.h"
#include "storage/base/units.h"
#include "storage/journal/feed_reader.h"
#include "storage/journal/outbox.h"
#include "storage/sqlite/database.h"
#include "sync/deliver/wanted.h"

namespace damsync {
namespace {

/// `ok, quiet until 2026-03-15T00:10:00Z`
std::string state_text(const ReceiverRow& row, const Settings& settings, UtcTime now) {
  if (filter_of(settings, row.receiver) == nullptr) return "not in the settings";
  std::string text = state_word(row);
  if (text == "ok" && !row.last_ok_at) text = "not told anything yet";
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
    arguments.flag("--all", all_, "with retry: everything that waits or was given up");
    arguments.text("--since", since_, "TIME|SEQ", "with replay: what came at or after this time, or after this seq");
    arguments.text("--time-limit", limit_, "DURATION", "with run: stop after that; default: 5m");
  }

  Result<ExitCode> run(CommandContext& context) override {
    if (auto fits = check_words(context); !fits) return fits.error();
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    if (what_ == "list") return list(context, loaded->settings);
    const auto& settings = loaded->settings;
    std::error_code unknown;
    if (!std::filesystem::exists(settings.catalog.path, unknown)) {
      if (what_ == "run") return ExitCode::kDone;
      return make_error(ErrorCode::kUsage, "nothing was ever synced: there is nothing to tell anybody");
    }
    if (auto answer = ask_daemon(context, settings, request())) return *answer;
    return what_ == "run" ? deliver(context, settings) : change(context, settings);
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
    if (what_ == "run") return parse_limit();
    return {};
  }

  [[nodiscard]] Status parse_limit() {
    const auto limit = parse_duration(limit_.empty() ? "5m" : limit_);
    if (!limit) return make_error(ErrorCode::kUsage, "--time-limit: " + limit.error().message);
    time_limit_ = *limit;
    return {};
  }

  [[nodiscard]] Status parse_since(UtcTime now) {
    constexpr std::size_t kMostDigits = 18;
    if (since_.empty()) return make_error(ErrorCode::kUsage, "replay needs --since TIME or SEQ");
    if (since_.size() <= kMostDigits && since_.find_first_not_of("0123456789") == std::string::npos) {
      replay_.since_seq = std::stoll(since_);
      return {};
    }
    const auto time = parse_time_filter(since_, now);
    if (!time) return make_error(ErrorCode::kUsage, "--since: " + time.error().message + ", or a seq of the feed");
    replay_.since_time = *time;
    return {};
  }

  Result<ExitCode> list(CommandContext& context, const Settings& settings) {
    const auto db = open_catalog(settings);
    if (!db) return db.error();
    if (*db == nullptr) return ExitCode::kDone;
    const Outbox outbox(**db);
    const auto receivers = chosen_receivers(outbox, settings, filter_.receiver);
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
    const auto lock = lock_state(settings.catalog.path);
    if (!lock) return lock.error();
    const auto db = Database::open(settings.catalog.path, OpenMode::kWrite);
    if (!db) return db.error();
    replay_.receiver = filter_.receiver;
    const auto answer = what_ == "retry"
                            ? retry_deliveries(settings, **db, {filter_.receiver, ids_}, context.clock.utc())
                            : replay_deliveries(settings, **db, replay_);
    return print_answer(context, answer);
  }

  Result<ExitCode> deliver(CommandContext& context, const Settings& settings) const {
    const auto lock = lock_state(settings.catalog.path);
    if (!lock) return lock.error();
    const auto db = Database::open(settings.catalog.path, OpenMode::kWrite);
    if (!db) return db.error();
    Outbox(**db).ensure(receiver_names(settings));
    const auto told = deliver_now(settings, **db, context.clock, context.log, time_limit_, context.stop);
    auto printed = print_answer(context, answer_of(told));
    if (!told.unusable.empty()) return told.unusable.front();
    return printed;
  }

  /// The same, for the daemon.
  [[nodiscard]] Json request() const {
    return Json::object({{"do", "deliveries"},
                         {"what", what_},
                         {"receiver", filter_.receiver},
                         {"ids", json_texts(ids_)},
                         {"since_seq", replay_.since_seq},
                         {"since_time", replay_.since_time ? Json(to_millis(*replay_.since_time)) : Json()},
                         {"time_limit_ms", time_limit_.count()}});
  }

  std::string what_, state_, since_, limit_;
  std::vector<std::string> ids_;
  bool all_ = false;
  DeliveryFilter filter_;
  ReplayRequest replay_;
  Millis time_limit_{0};
};

}  // namespace

std::unique_ptr<Command> make_deliveries_command() { return std::make_unique<DeliveriesCommand>(); }

}  // namespace damsync
