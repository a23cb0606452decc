#include "tests/support/paths.h"

namespace damsync {

std::string damsync_binary() { return DAMSYNC_BINARY; }
std::string sandbox_binary() { return DAMSYNC_SANDBOX; }
std::string source_dir() { return DAMSYNC_SOURCE_DIR; }

}  // namespace damsync
