#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/cycle_bench.h"

namespace damsync {

/// A provider with a dozen licenses of every kind. Small enough to be mirrored once for every place where something may
/// go wrong.
enum class Moment {
  kFirst,   ///< as first met
  kSecond,  ///< a week later, when a complete listing is due: something new, edited, withdrawn, vanished
  kThird,   ///< an hour later, with several pages of news behind the cursor
};

/// Makes the bench's provider, file host and clock those of that moment.
void set_moment(CycleBench& bench, Moment moment);

/// What must hold whenever a process may have ended, and after every cycle; each broken promise as one line, empty when
/// all hold.
///
/// I1: what is visible is whole. I2: what a row names is there. I3: behind a cursor everything is known or pending.
/// I8: `kept`, files seen before, are all still there.
std::string broken_promises(CycleBench& bench, const std::map<std::string, std::string>& kept);

/// The published tree without sidecars.
std::map<std::string, std::string> media_files(const std::map<std::string, std::string>& visible);

/// Catalog and published tree as sorted lines, one a row or file. Times, what is random by nature and what happened on
/// the way (runs, attempts) are left out: two states with the same lines are the same to everybody.
std::vector<std::string> end_state(const std::filesystem::path& catalog,
                                   const std::map<std::string, std::string>& visible);

/// The lines that only one of two end states has; empty when they are the same.
std::string differences(const std::vector<std::string>& wanted, const std::vector<std::string>& found);

/// Whether a sidecar can be read by a machine.
bool parses(const std::string& path, const std::string& bytes);

}  // namespace damsync
