#include "sync/report/store_comparison.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/catalog/layout_book.h"
#include "storage/sqlite/transaction.h"
#include "sync/sidecar/file_sidecars.h"

namespace damsync {
namespace {

struct Candidate {
  std::string path;
  std::int64_t bytes = 0;
};

/// Hashes of names, each with a mark: eight bytes a name, so that a million cost little.
class NameSet {
 public:
  void add(const std::string& name) { hashes_.push_back(std::hash<std::string_view>{}(name)); }
  void close() {
    std::sort(hashes_.begin(), hashes_.end());
    seen_.resize(hashes_.size());
  }
  [[nodiscard]] bool has(std::string_view name) const { return position(name).has_value(); }
  /// False when it is not in the set.
  bool mark(std::string_view name) {
    const auto at = position(name);
    if (at) seen_[*at] = true;
    return at.has_value();
  }
  [[nodiscard]] bool is_marked(std::string_view name) const {
    const auto at = position(name);
    return at && seen_[*at];
  }

 private:
  [[nodiscard]] std::optional<std::size_t> position(std::string_view name) const {
    const std::size_t hash = std::hash<std::string_view>{}(name);
    const auto at = std::lower_bound(hashes_.begin(), hashes_.end(), hash);
    if (at == hashes_.end() || *at != hash) return std::nullopt;
    return static_cast<std::size_t>(at - hashes_.begin());
  }

  std::vector<std::size_t> hashes_;
  std::vector<bool> seen_;
};

/// The change journal that the settings may ask for.
bool is_ours(std::string_view path) { return path.starts_with("changes/") && path.ends_with(".ndjson"); }

}  // namespace

Result<StoreComparison::Found> StoreComparison::run(std::stop_token stop) {
  NameSet files, sidecars;
  parts_.catalog.list_stored_files([&](const Catalog::StoredFile& file) { return files.add(file.path), true; });
  parts_.catalog.list_sidecars([&](const std::string& path, const std::string&) { return sidecars.add(path), true; });
  LayoutBook(parts_.db).list_leftovers([&](const std::string& path) { sidecars.add(path); });
  files.close();
  sidecars.close();

  std::vector<Candidate> strays;
  const auto walked = parts_.store.walk([&](const std::string& path, const FileInfo& info) {
    const bool known =
        files.mark(path) || sidecars.has(path) || files.has(without_sidecar_suffix(path)) || is_ours(path);
    if (!known) strays.push_back({path, info.bytes});
    return !stop.stop_requested();
  });
  if (!walked) return walked.error();
  if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped while the store was looked through");

  std::vector<std::string> missing;
  parts_.catalog.list_stored_files([&](const Catalog::StoredFile& file) {
    if (file.state == FileState::kMirrored && !files.is_marked(file.path)) missing.push_back(file.path);
    return true;
  });
  // A sync may have published or moved files meanwhile: what seems to be wrong is looked at once more.
  std::erase_if(strays, [&](const Candidate& c) { return parts_.catalog.find_file_at(c.path).has_value(); });
  for (auto& path : missing) {
    const auto hashed = parts_.store.hash(path);
    if (!hashed) return hashed.error();
    if (*hashed) path.clear();
  }
  std::erase_if(missing, [](const std::string& path) { return path.empty(); });

  Transaction tx(parts_.db);
  const UtcTime now = parts_.clock.utc();
  StrayBook book(parts_.db);
  book.begin(now);
  for (const auto& stray : strays) book.saw(stray.path, stray.bytes);
  book.finish();
  for (const auto& path : missing) parts_.writer.put_verified(path, FileState::kMissing, now);
  tx.commit();
  return Found{static_cast<std::int64_t>(strays.size()), static_cast<std::int64_t>(missing.size())};
}

}  // namespace damsync
