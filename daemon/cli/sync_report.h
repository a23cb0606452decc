#pragma once

#include <string>

#include "storage/model/run.h"

namespace damsync {

/// What `sync` prints of a run for people; ends with a newline.
std::string text_of(const RunSummary& run);

}  // namespace damsync
