#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace damsync {

/// True for well-formed UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

/// True if any byte is a control character (C0 or DEL).
bool has_control(std::string_view text) noexcept;

/// Text for a terminal or a log: control characters (C0, DEL, C1), invalid UTF-8, and invisible characters that
/// reorder or hide text (zero width, bidirectional overrides) are shown as `\xNN`, byte by byte.
std::string printable(std::string_view text);

/// True for ids that may become part of a path: `^[A-Za-z0-9_-]{1,64}$`.
bool is_safe_id(std::string_view id) noexcept;

/// What stands between the separators of a text; at least one part, which may be empty.
std::vector<std::string_view> split(std::string_view text, char separator);

std::string to_lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b) noexcept;
std::string base64(std::string_view bytes);
/// Percent-encodes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace damsync
