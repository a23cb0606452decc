#pragma once

namespace damsync {

/// The process: hardens itself, reads the command line, runs one command, and turns whatever happens into one line on
/// standard error and an exit code.
int run_application(int argc, const char* const* argv);

/// What must hold before anything else runs: descriptors 0 to 2 are open, SIGPIPE is an error code, no core dump can
/// carry a secret away.
void prepare_process();

}  // namespace damsync
