#include "sync/providers/getty_connect/asset_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "storage/base/digest.h"
#include "storage/base/text.h"

namespace damsync::getty_connect {
namespace {

constexpr std::uintmax_t kMostBytes = 16 << 20;
constexpr std::size_t kShownBytes = 80;

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  line = line.substr(0, line.find('#'));
  const std::size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

RejectedItem bad_line(std::string_view text, int number) {
  return {.what = "assets_file entry",
          .key = printable(text.substr(0, kShownBytes)).substr(0, kShownBytes),
          .reason = fmt::format("line {}: does not have the form of an asset id", number),
          .raw_sha256 = sha256_hex(text)};
}

Error unusable(const std::filesystem::path& file, std::string_view why) {
  return make_error(ErrorCode::kSettings, fmt::format("assets_file {}: {}", file.string(), why));
}

}  // namespace

AssetList parse_asset_list(std::string_view text) {
  AssetList out;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view id = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (is_safe_id(id))
      out.ids.emplace_back(id);
    else if (!id.empty())
      out.rejected.push_back(bad_line(id, number));
  }
  std::sort(out.ids.begin(), out.ids.end());
  out.ids.erase(std::unique(out.ids.begin(), out.ids.end()), out.ids.end());
  return out;
}

Result<AssetList> read_asset_list(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (status.type() == std::filesystem::file_type::not_found) return unusable(file, "there is no such file");
  if (!std::filesystem::is_regular_file(status)) return unusable(file, "is no regular file");
  if (std::filesystem::file_size(file, error) > kMostBytes || error)
    return unusable(file, error ? error.message() : "is larger than 16 MiB");
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) return unusable(file, "cannot be read");
  return parse_asset_list(text);
}

}  // namespace damsync::getty_connect
