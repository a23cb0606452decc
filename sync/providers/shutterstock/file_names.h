#pragma once

#include "sync/providers/file_name.h"

namespace damsync::shutterstock {

/// Names of files as Shutterstock hands them out; letters count alike in both cases. SIZE is one of small, medium,
/// large, huge, supersize, vector.
///
/// - `shutterstock_ID`, also with `-` or a blank before the id, and with `-SIZE` or `_SIZE` after it
/// - `stock-photo-SOME-WORDS-ID`, likewise stock-vector, stock-illustration, stock-image; also with `-SIZE`
/// - `ID` alone, of five digits at least; also with `-SIZE`
///
/// Refused: previews, which carry a pixel width before the id (`stock-photo-some-words-260nw-ID`, `-600w-ID`).
std::optional<FileNameFacts> read_file_name(std::string_view name);

}  // namespace damsync::shutterstock
