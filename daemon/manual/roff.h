#pragma once

#include <string>
#include <string_view>

namespace damsync {

/// Text as it must stand in a man page: nothing of it is taken for a request or an escape, dashes can be copied.
/// `quoted in backticks` becomes bold.
std::string roff_text(std::string_view text);

}  // namespace damsync
