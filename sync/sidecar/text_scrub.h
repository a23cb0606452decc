#pragma once

#include <string>
#include <string_view>

namespace damsync {

/// Well-formed UTF-8: each byte that belongs to no well-formed character (a lone surrogate's bytes too) becomes
/// U+FFFD, everything else stays.
std::string replace_invalid_utf8(std::string_view text);

/// Text that XML 1.0 can carry: `replace_invalid_utf8`, then without C0 controls (but TAB, LF, CR), U+FFFE and U+FFFF.
///
/// Source   XML 1.0 §2.2 (Char).
std::string xml_text(std::string_view text);

}  // namespace damsync
