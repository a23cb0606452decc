#include "storage/model/license.h"

#include <array>

namespace damsync {

const char* to_word(LicenseState state) noexcept {
  switch (state) {
    case LicenseState::kHeld: return "held";
    case LicenseState::kVanished: return "vanished";
  }
  return "held";
}

const char* to_word(FileState state) noexcept {
  switch (state) {
    case FileState::kPending: return "pending";
    case FileState::kMirrored: return "mirrored";
    case FileState::kFailed: return "failed";
    case FileState::kBlocked: return "blocked";
    case FileState::kMissing: return "missing";
    case FileState::kCorrupt: return "corrupt";
  }
  return "pending";
}

std::optional<FileState> file_state_from_word(std::string_view word) noexcept {
  constexpr std::array kAll = {FileState::kPending, FileState::kMirrored, FileState::kFailed,
                               FileState::kBlocked, FileState::kMissing,  FileState::kCorrupt};
  for (const auto state : kAll)
    if (word == to_word(state)) return state;
  return std::nullopt;
}

}  // namespace damsync
