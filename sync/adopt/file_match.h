#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/model/asset.h"
#include "sync/providers/file_name.h"
#include "sync/transfer/media_probe.h"

namespace damsync {

/// What becomes of a file that a person offers.
enum class AdoptResult {
  kAdopted,    ///< it is the file of a license held, and the store has it now
  kAlready,    ///< the store has the file of that license
  kUnmatched,  ///< no license held goes with it
  kAmbiguous,  ///< it may be the file of several licenses, or several files may be that of one
  kRefused,    ///< it is not what its name says, or cannot be taken
  kListed,     ///< an account without licenses is to have its asset's metadata; the file stays where it is
};
const char* to_word(AdoptResult result) noexcept;

/// One size and format of an asset that an account holds, by one license or several.
struct HeldRendition {
  std::string size;                    ///< the provider's word; may be empty
  std::string format;                  ///< may be empty: any
  std::optional<std::int64_t> width;   ///< pixels, where known
  std::optional<std::int64_t> height;  ///< likewise
  bool mirrored = false;
};

/// One account that may hold the license of a file: what its provider reads in the file's name, and what is held.
struct Claim {
  std::size_t owner = 0;  ///< the caller's number of the account
  std::string account;    ///< for messages
  FileNameFacts name;
  std::vector<HeldRendition> held;
  std::vector<Rendition> known;  ///< every rendition of the asset, held or not
};

/// `kAdopted` here: it can be. `claim` and `held` say which rendition, for that and for `kAlready`.
struct FileMatch {
  AdoptResult result = AdoptResult::kUnmatched;
  std::string reason;  ///< for a person; empty with `kAdopted`
  std::size_t claim = 0;
  std::size_t held = 0;
};

/// What the name alone decides: nothing when the file must be read. Pure.
std::optional<FileMatch> match_name(const std::vector<Claim>& claims);

/// Which rendition a file is, by its name and what its bytes say. Pure.
///
/// Of the renditions held those are left whose size the name states (a name without size leaves all), whose format is
/// the file's, and whose pixels, where both are known, are the file's within one part in a hundred, upright or turned.
/// One whose size the name hints at goes before the others, then known pixels that agree before unknown ones. One left:
/// that is it.
FileMatch match_file(const std::vector<Claim>& claims, const MediaFacts& media);

}  // namespace damsync
