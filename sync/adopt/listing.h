#pragma once

#include <optional>
#include <vector>

#include "sync/adopt/adopter.h"

namespace damsync {

/// Makes the metadata of an asset wanted that a person has a file of, in an account that no stream tells of licenses;
/// nothing when no such account reads an asset in the file's name. A bare number could be anybody's: the provider's own
/// name must stand in front of it, or the person name the account. Writes nothing in a dry run.
std::optional<AdoptedFile> list_for_metadata(const std::vector<Cycle*>& accounts, const std::vector<Claim>& claims,
                                             const SourceFile& file, const AdoptOptions& options);

}  // namespace damsync
