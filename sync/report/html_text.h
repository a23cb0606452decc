#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace damsync {

/// Appends text for a place between tags or within a quoted attribute. Control characters, and invisible ones that
/// reorder what stands beside them, become U+FFFD.
void append_html(std::string& out, std::string_view text);
std::string html(std::string_view text);
/// The same for sentences of ours: what stands between backticks becomes code.
std::string html_prose(std::string_view text);

/// `12 345`, with narrow no-break spaces.
std::string grouped(std::int64_t number);

/// `1 license`, `2 licenses`.
std::string counted(std::int64_t number, std::string_view one, std::string_view many);

}  // namespace damsync
