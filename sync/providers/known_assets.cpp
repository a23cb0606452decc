#include <algorithm>

#include "sync/providers/provider.h"

namespace damsync {

bool KnownAssets::contains(std::string_view id) const {
  return std::binary_search(ids_.begin(), ids_.end(), id, std::less<>());
}

}  // namespace damsync
