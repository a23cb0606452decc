#pragma once

#include <string>
#include <string_view>

namespace damsync {

/// A provider's own text as the catalog keeps it: zlib (RFC 1950).
std::string deflate_text(std::string_view text);

/// The inverse. Errors: throws `DatabaseError` (kDamaged) for other bytes and for more than 64 MiB of text.
std::string inflate_text(std::string_view bytes);

}  // namespace damsync
