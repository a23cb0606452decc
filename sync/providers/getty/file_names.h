#pragma once

#include "sync/providers/file_name.h"

namespace damsync::getty {

/// Names of files as Getty Images hands them out; letters count alike in both cases. ID is a number, an older number
/// with a part (`200553985-001`) or an older word with a part (`sb10065903c-001`).
///
/// - `GettyImages-ID`, also with `_` or a blank before the id
/// - `ID` alone, of five characters at least
/// - each also with `_WORD` or `-WORD`, WORD being a size (`high`, `full`, `x_large`, `xxl`, …): a hint at the size
///
/// Refused: comps, which carry pixels or a comp size after the id (`gettyimages-ID-612x612`, `-170667a`).
std::optional<FileNameFacts> read_file_name(std::string_view name);

}  // namespace damsync::getty
