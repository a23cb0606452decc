#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.h"
#include "sync/providers/page.h"

namespace damsync::getty_connect {

/// What an assets file says.
struct AssetList {
  std::vector<std::string> ids;        ///< sorted, each once
  std::vector<RejectedItem> rejected;  ///< lines that are no id, with their number
};

/// One id a line; blank lines, blanks around ids and everything from `#` on do not count. Pure.
AssetList parse_asset_list(std::string_view text);

/// Errors   kSettings, naming the file: missing, unreadable, no regular file or larger than 16 MiB.
Result<AssetList> read_asset_list(const std::filesystem::path& file);

}  // namespace damsync::getty_connect
