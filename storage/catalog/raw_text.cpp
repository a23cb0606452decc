#include "storage/catalog/raw_text.h"

#include <zlib.h>

#include <algorithm>

#include "storage/sqlite/database.h"

namespace damsync {
namespace {

constexpr std::size_t kMostText = std::size_t{64} << 20;

[[noreturn]] void fail(ErrorCode code, const char* what) {
  throw DatabaseError(code, 0, std::string("the provider's own text in the catalog ") + what);
}

}  // namespace

std::string deflate_text(std::string_view text) {
  auto size = compressBound(text.size());
  std::string out(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()), text.size(),
                Z_BEST_SPEED) != Z_OK)
    fail(ErrorCode::kInternal, "cannot be compressed");
  out.resize(size);
  return out;
}

std::string inflate_text(std::string_view bytes) {
  std::string out(std::clamp<std::size_t>(bytes.size() * 6, 1024, kMostText), '\0');
  for (;;) {
    uLongf size = out.size();
    const int code = uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                                reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    if (code == Z_OK) {
      out.resize(size);
      return out;
    }
    if (code != Z_BUF_ERROR || out.size() >= kMostText) fail(ErrorCode::kDamaged, "cannot be read back");
    out.resize(std::min(out.size() * 4, kMostText));
  }
}

}  // namespace damsync
