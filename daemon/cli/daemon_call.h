#pragma once

#include <optional>

#include "daemon/cli/command.h"
#include "daemon/cli/verb_answer.h"
#include "daemon/config/settings.h"
#include "storage/base/json.h"

namespace damsync {

/// Whether `-q` also keeps to itself that a verb found and left everything in step.
enum class WhenInStep { kTell, kTellUnlessQuiet };

/// Lets the daemon that runs on the settings' catalog do what a command would do, and prints its answer: the `result`
/// with `--json` (of a list each item, on a line of its own), else the `text`. Shows progress on a terminal.
///
/// Returns nothing when no daemon runs there. Errors: what the daemon says; kCancelled; kLocked when it ends meanwhile.
std::optional<Result<ExitCode>> ask_daemon(CommandContext& context, const Settings& settings, const Json& request,
                                           WhenInStep in_step = WhenInStep::kTell);

/// Prints the answer of a verb that was carried out here, as `ask_daemon` prints the daemon's.
Result<ExitCode> print_answer(CommandContext& context, const Result<VerbAnswer>& answer);

/// What to tell a person whose command found the catalog held: a daemon does not let go of it while it runs.
Error explain_held(const Settings& settings, Error error);

/// A list of texts, for a request.
Json json_texts(const std::vector<std::string>& texts);

}  // namespace damsync
