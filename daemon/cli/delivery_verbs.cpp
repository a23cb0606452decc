#include "daemon/cli/delivery_verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "daemon/cli/output.h"
#include "storage/base/text.h"
#include "sync/deliver/wanted.h"

namespace damsync {
namespace {

constexpr const char* kNext = "they leave with the daemon, the next sync, or `damsync deliveries run`";

Error no_such_delivery(const std::string& id) {
  return make_error(ErrorCode::kUsage, fmt::format("no delivery of an event {} waits or was given up; see "
                                                   "`damsync deliveries list`",
                                                   printable(id)));
}

}  // namespace

Result<std::vector<ReceiverRow>> chosen_receivers(const Outbox& outbox, const Settings& settings,
                                                  const std::string& name) {
  std::vector<ReceiverRow> rows = outbox.receivers();
  if (name.empty()) return rows;
  std::erase_if(rows, [&](const ReceiverRow& row) { return row.receiver != name; });
  if (rows.empty() && filter_of(settings, name) == nullptr)
    return make_error(ErrorCode::kUsage, fmt::format("no receiver is called '{}'", printable(name)));
  return rows;
}

Result<VerbAnswer> retry_deliveries(const Settings& settings, Database& db, const RetryRequest& request, UtcTime now) {
  Outbox outbox(db);
  outbox.ensure(receiver_names(settings));
  const auto receivers = chosen_receivers(outbox, settings, request.receiver);
  if (!receivers) return receivers.error();
  DeliveryFilter filter{.receiver = request.receiver, .id = {}, .state = {}, .limit = {}};
  std::set<std::string> concerned;
  std::int64_t tried = 0;
  if (request.ids.empty()) {
    for (const auto& row : *receivers) concerned.insert(row.receiver);
    tried = outbox.retry(filter, now);
  }
  for (const auto& id : request.ids) {
    filter.id = id;
    outbox.list(filter, [&](const DeliveryRow& row) { return concerned.insert(row.receiver), true; });
    const auto found = outbox.retry(filter, now);
    if (found == 0) return no_such_delivery(id);
    tried += found;
  }
  for (const auto& receiver : concerned) outbox.enable(receiver);
  return VerbAnswer{{Json::object({{"retried", tried}})},
                    fmt::format("{} will be tried again; {}\n",
                                tried == 1 ? "1 delivery" : fmt::format("{} deliveries", tried), kNext),
                    ExitCode::kDone};
}

Result<VerbAnswer> replay_deliveries(const Settings& settings, Database& db, const ReplayRequest& request) {
  Outbox outbox(db);
  outbox.ensure(receiver_names(settings));
  const auto receivers = chosen_receivers(outbox, settings, request.receiver);
  if (!receivers) return receivers.error();
  const std::int64_t position = request.since_time ? outbox.position_before(*request.since_time) : request.since_seq;
  VerbAnswer answer;
  for (const auto& row : *receivers) {
    const EventFilter* filter = filter_of(settings, row.receiver);
    if (filter == nullptr) continue;
    outbox.rewind(row.receiver, position);
    const auto changes = count_wanted(db, *filter, outbox.find_receiver(row.receiver)->position);
    answer.results.push_back(Json::object({{"receiver", row.receiver}, {"since", position}, {"changes", changes}}));
    answer.text += fmt::format("{}: {} will be told again\n", row.receiver, counted(changes, "change"));
  }
  answer.text +=
      answer.results.empty() ? "the settings name no receiver: nobody is told anything\n" : fmt::format("{}\n", kNext);
  return answer;
}

VerbAnswer answer_of(const DeliveryReport& report) {
  VerbAnswer answer;
  bool all = true;
  for (const auto& receiver : report.receivers) {
    all = all && receiver.waiting + receiver.dead == 0 && !receiver.disabled;
    answer.results.push_back(json_of(receiver));
    answer.text += text_of(receiver) + "\n";
  }
  if (!all) answer.exit_code = ExitCode::kIncomplete;
  if (!report.unusable.empty()) answer.exit_code = exit_code_for(report.unusable.front().code);
  return answer;
}

}  // namespace damsync
