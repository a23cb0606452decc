#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace damsync {

/// What the name of a file tells about the asset in it.
struct FileNameFacts {
  std::string asset_id;
  std::string size;       ///< stated by the name, in the word of the licenses; empty: not stated
  std::string size_hint;  ///< a word that may tell the licensed sizes apart, lower case letters; empty: none
  std::string refusal;    ///< why a file of such a name is never a licensed one; empty: it may be
};

/// Reads the name of a file (no folder) by one provider's patterns; nothing when it is none of them. Pure; never
/// guesses: a name with anything else in it, such as that of an edited copy, is none of them.
using FileNameReader = std::optional<FileNameFacts> (*)(std::string_view name);

/// A file name in the parts every provider's patterns begin with: lower case, without the marks that browsers and
/// file managers put on a second copy (` (1)`, `(2)`, ` - Copy`, ` copy 3`).
struct FileNameParts {
  std::string stem;
  std::string ext;  ///< without its dot
};

/// Nothing when the name does not end like a still image: jpg, jpeg, png, tif, tiff, eps, gif.
std::optional<FileNameParts> split_file_name(std::string_view name);

/// Removes `prefix` from the front of `text`; false when it does not begin so.
bool take_prefix(std::string_view& text, std::string_view prefix);
/// Removes the decimal digits at the front of `text` and returns them.
std::string_view take_digits(std::string_view& text);

}  // namespace damsync
