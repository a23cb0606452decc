#include "daemon/cli/daemon_call.h"

#include <unistd.h>

#include "daemon/cli/progress_line.h"
#include "daemon/service/control_client.h"

namespace damsync {
namespace {

std::string text_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr && value->is_string() ? *value->if_string() : std::string();
}

std::int64_t number_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value == nullptr ? 0 : value->as_int64().value_or(0);
}

}  // namespace

Json json_texts(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const auto& text : texts) out.push(text);
  return out;
}

Error explain_held(const Settings& settings, Error error) {
  if (error.code != ErrorCode::kLocked) return error;
  const auto daemon = ControlClient::connect(settings.catalog.path);
  if (daemon || daemon.error().code != ErrorCode::kNotFound)
    error.message =
        "the daemon holds the catalog as long as it runs; stop it first (systemctl stop damsync), and start it again "
        "afterwards";
  return error;
}

std::optional<Result<ExitCode>> ask_daemon(CommandContext& context, const Settings& settings, const Json& request,
                                           WhenInStep in_step) {
  auto daemon = ControlClient::connect(settings.catalog.path);
  if (!daemon) {
    if (daemon.error().code == ErrorCode::kNotFound) return std::nullopt;
    return daemon.error();
  }
  ProgressLine progress(STDERR_FILENO, context.log, !context.options.quiet);
  const auto answer = daemon->ask(
      request,
      [&](const Json& told) {
        if (const Json* p = told.find("progress"))
          progress.show({text_of(*p, "account"), text_of(*p, "step"), number_of(*p, "done"), number_of(*p, "total"),
                         number_of(*p, "bytes")});
      },
      context.stop);
  if (!answer) return answer.error();
  const Json* result = answer->find("result");
  const auto code = static_cast<ExitCode>(number_of(*answer, "exit_code"));
  const bool quiet = in_step == WhenInStep::kTellUnlessQuiet && context.options.quiet && code == ExitCode::kDone;
  if (quiet && !context.options.json) return code;
  if (!context.options.json || result == nullptr)
    context.out.text(text_of(*answer, "text"));
  else if (const auto* lines = result->if_array())
    for (const Json& line : *lines) context.out.json(line);
  else
    context.out.json(*result);
  return code;
}

Result<ExitCode> print_answer(CommandContext& context, const Result<VerbAnswer>& answer) {
  if (!answer) return answer.error();
  if (context.options.json)
    for (const auto& result : answer->results) context.out.json(result);
  else
    context.out.text(answer->text);
  return answer->exit_code;
}

}  // namespace damsync
