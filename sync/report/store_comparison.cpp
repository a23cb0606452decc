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

/// How long a file may lie under its name before the catalog knows it, and more.
constexpr Millis kNew = std::chrono::minutes(10);

struct Candidate {
  std::string path;
  std::int64_t bytes = 0;
  std::int64_t touched_ns = 0;  ///< when it got its bytes or its name
};

/// Hashes of names, each with the size that was found: sixteen bytes a name, so that a million cost little.
class NameSet {
 public:
  void add(const std::string& name) { hashes_.push_back(std::hash<std::string_view>{}(name)); }
  void close() {
    std::sort(hashes_.begin(), hashes_.end());
    found_.assign(hashes_.size(), kNotFound);
  }
  [[nodiscard]] bool has(std::string_view name) const { return position(name).has_value(); }
  /// False when it is not in the set.
  bool mark(std::string_view name, std::int64_t bytes) {
    const auto at = position(name);
    if (at) found_[*at] = bytes;
    return at.has_value();
  }
  /// The size that it was marked with; nothing: it was not.
  [[nodiscard]] std::optional<std::int64_t> marked(std::string_view name) const {
    const auto at = position(name);
    if (!at || found_[*at] == kNotFound) return std::nullopt;
    return found_[*at];
  }

 private:
  static constexpr std::int64_t kNotFound = -1;

  [[nodiscard]] std::optional<std::size_t> position(std::string_view name) const {
    const std::size_t hash = std::hash<std::string_view>{}(name);
    const auto at = std::lower_bound(hashes_.begin(), hashes_.end(), hash);
    if (at == hashes_.end() || *at != hash) return std::nullopt;
    return static_cast<std::size_t>(at - hashes_.begin());
  }

  std::vector<std::size_t> hashes_;
  std::vector<std::int64_t> found_;
};

/// The names that the catalog knows.
struct KnownNames {
  NameSet files, others;  ///< others: sidecars of assets, and what is to be removed

  KnownNames(Database& db, const Catalog& catalog) {
    catalog.list_stored_files([&](const Catalog::StoredFile& file) { return files.add(file.path), true; });
    catalog.list_sidecars([&](const std::string& path, const std::string&) { return others.add(path), true; });
    LayoutBook(db).list_leftovers([&](const std::string& path) { others.add(path); });
    files.close();
    others.close();
  }
  [[nodiscard]] bool has(std::string_view path) const {
    return files.has(path) || others.has(path) || files.has(without_sidecar_suffix(path));
  }
};

/// The change journal that the settings may ask for.
bool is_ours(std::string_view path) { return path.starts_with("changes/") && path.ends_with(".ndjson"); }

/// Whether what the walk saw of a file, its size or nothing, and what the catalog says do not go together.
bool is_doubtful(const Catalog::StoredFile& file, std::optional<std::int64_t> seen) {
  switch (file.state) {
    case FileState::kMissing: return seen.has_value();
    case FileState::kCorrupt: return !seen || *seen == file.bytes;  // gone, or maybe put right
    default: return !seen || *seen != file.bytes;
  }
}

}  // namespace

Result<StoreComparison::Found> StoreComparison::run(std::stop_token stop) {
  const UtcTime begun = parts_.clock.utc();
  KnownNames known(parts_.db, parts_.catalog);
  std::vector<Candidate> strays;
  const auto walked = parts_.store.walk([&](const std::string& path, const FileInfo& info) {
    if (!known.files.mark(path, info.bytes) && !known.has(path) && !is_ours(path))
      strays.push_back({path, info.bytes, std::max(info.modified_ns, info.changed_ns)});
    return !stop.stop_requested();
  });
  if (!walked) return walked.error();
  if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped while the store was looked through");

  std::vector<Catalog::StoredFile> doubtful;
  parts_.catalog.list_stored_files([&](const Catalog::StoredFile& file) {
    if (is_doubtful(file, known.files.marked(file.path))) doubtful.push_back(file);
    return true;
  });
  // A sync may have published or moved files meanwhile: what seems to be wrong is looked at once more.
  if (!strays.empty()) {
    const KnownNames by_now(parts_.db, parts_.catalog);
    std::erase_if(strays, [&](const Candidate& c) { return by_now.has(c.path); });
  }
  auto changed = look_at(std::move(doubtful), stop);
  if (!changed) return changed.error();

  Transaction tx(parts_.db);
  const UtcTime now = parts_.clock.utc();
  StrayBook book(parts_.db);
  book.begin(now);
  Found found;
  const std::int64_t settled = to_millis(begun - kNew) * 1'000'000;
  for (const auto& stray : strays) {
    if (parts_.others_write && stray.touched_ns > settled) {
      book.doubts(stray.path);
      continue;
    }
    book.saw(stray.path, stray.bytes);
    ++found.strays;
  }
  book.finish();
  for (const auto& file : *changed) {
    parts_.writer.put_verified(file.path, file.state, now);
    if (file.state == FileState::kMissing) ++found.missing;
  }
  tx.commit();
  return found;
}

/// Files whose bytes say another state than the catalog, with that state.
Result<std::vector<Catalog::StoredFile>> StoreComparison::look_at(std::vector<Catalog::StoredFile> files,
                                                                  std::stop_token stop) {
  std::vector<Catalog::StoredFile> out;
  for (auto& file : files) {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped while files were looked at");
    const auto hashed = parts_.store.hash(file.path);
    if (!hashed) return hashed.error();
    const FileState state = !*hashed                           ? FileState::kMissing
                            : (*hashed)->sha256 == file.sha256 ? FileState::kMirrored
                                                               : FileState::kCorrupt;
    if (state == file.state) continue;
    file.state = state;
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace damsync
