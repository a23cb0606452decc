#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace damsync {

/// What stands between the line breaks of a text; at least one, which may be empty.
std::vector<std::string> split_lines(std::string_view text);

}  // namespace damsync
