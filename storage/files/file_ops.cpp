#include "storage/files/file_ops.h"

namespace damsync {

bool is_store_path(std::string_view path) noexcept {
  if (path.empty() || path.size() > 4095 || path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace damsync
