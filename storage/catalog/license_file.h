#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/model/license.h"

namespace damsync {

/// Why the file of a license is not to be fetched, by what the history says of it; nothing when it may be. Pure.
std::optional<std::string> block_reason(const License& license);

/// What two readings of a license say differently, by the names that listings give it, in a fixed order; the provider's
/// own text and its way to write the time do not count. Pure.
std::vector<std::string> changed_facts(const License& before, const License& after);

/// Where the file of a license stands after the history was read again. What was fetched stays as it is; what the
/// executor blocked stays blocked until the provider offers the license again. Pure.
///
/// `before` and `file` are empty for a new license.
FileRow next_file(const License* before, const std::optional<FileRow>& file, const License& after);

}  // namespace damsync
