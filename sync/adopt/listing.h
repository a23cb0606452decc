#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/adopt/adopter.h"

namespace damsync {

/// Makes the metadata of an asset wanted that a person has a file of, in an account that no stream tells of licenses;
/// nothing when no such account reads an asset in the file's name, or another account does, which may hold a license
/// that is not known here. A bare number could be anybody's: the provider's own name must stand in front of it, or the
/// person name the account. Writes nothing in a dry run.
std::optional<AdoptedFile> list_for_metadata(const std::vector<Cycle*>& accounts, const std::vector<Claim>& claims,
                                             const SourceFile& file, const AdoptOptions& options);

/// What a person can do about a file without a license held, to be put behind the reason; may be empty.
std::string advice_for(const std::vector<Cycle*>& accounts, const std::vector<Claim>& claims);

}  // namespace damsync
