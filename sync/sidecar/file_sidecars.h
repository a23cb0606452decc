#pragma once

#include <string_view>

namespace damsync {

/// A format with one sidecar beside each file: its word in `store.sidecars`, and what its name adds to the file's.
struct FileSidecar {
  std::string_view format;
  std::string_view suffix;
};

inline constexpr FileSidecar kFileSidecars[] = {{"xmp", ".xmp"}, {"json-ld", ".jsonld"}};

/// `photo.jpg` for `photo.jpg.xmp` and the other sidecars of a file; any other path as it is.
constexpr std::string_view without_sidecar_suffix(std::string_view path) noexcept {
  for (const auto& [format, suffix] : kFileSidecars)
    if (path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  return path;
}

}  // namespace damsync
