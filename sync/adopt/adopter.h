#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sync/adopt/file_match.h"
#include "sync/adopt/source_tree.h"
#include "sync/pipeline/cycle.h"
#include "sync/pipeline/plan.h"

namespace damsync {

/// How a file gets into the store.
enum class AdoptMode {
  kCopy,
  kMove,  ///< copied, and removed where it was once the catalog has it
  kLink,  ///< a second name for the same file: its mode and owner stay
};

/// What a person asked `adopt` for.
struct AdoptOptions {
  std::vector<std::string> paths;
  std::string account;  ///< empty: any
  AdoptMode mode = AdoptMode::kCopy;
  bool dry_run = false;
};

/// What became of one file.
struct AdoptedFile {
  std::string path;  ///< absolute
  AdoptResult result = AdoptResult::kUnmatched;
  std::string reason;  ///< for a person; empty when there is nothing to say
  std::string account, provider, asset_id, license_id;
  std::string store_path;  ///< below the store root; empty unless adopted or there already
};
using AdoptSink = std::function<void(const AdoptedFile&)>;

struct AdoptSummary {
  std::int64_t adopted = 0, already = 0, unmatched = 0, ambiguous = 0, refused = 0, listed = 0;
  std::int64_t sources_left = 0;  ///< with `kMove`: adopted, but not removed where they were
  std::int64_t bytes = 0;

  /// Every file offered is in the store.
  [[nodiscard]] bool complete() const noexcept { return unmatched + ambiguous + refused + sources_left == 0; }
};

/// Takes files that are on disk already into the store, matched to licenses held. Contacts nobody.
///
/// Order of writes: bytes, name, folder, row (I1, I2), then sidecars, and last of all the source of a move. A crash at
/// any point leaves a file out of the store or in it, and doing it again completes.
///
/// Threads  one thread.
class Adopter {
 public:
  struct Parts {
    std::vector<Cycle*> accounts;  ///< in the order of the settings; in a dry run their store is null
    std::string store_root;
    std::int64_t min_free = 0;  ///< bytes that must stay free in the store
    ProgressSink progress;
    AdoptSink tell;
  };
  Adopter(Parts parts, AdoptOptions options);
  ~Adopter();

  /// Errors: kUsage (a path in the store), kStorage, kGuard, kCancelled. What was taken until then is kept.
  Result<AdoptSummary> run(std::stop_token stop);

 private:
  struct Item;
  struct Taken;
  using Place = std::tuple<std::size_t, std::string, std::string, std::string>;  ///< account, asset, size, format

  [[nodiscard]] std::vector<Claim> claims_of(const SourceFile& file) const;
  [[nodiscard]] std::string group_of(const SourceFile& file) const;
  Status take_group(std::vector<Item> items, std::stop_token stop);
  [[nodiscard]] SourceTree source_tree() const;
  [[nodiscard]] std::optional<std::string> twin_of(const Item& item) const;
  Status examine(Item& item, std::stop_token stop);
  Status copy_of(Item& item, std::stop_token stop);
  Status copy_if_needed(Item& item, std::stop_token stop);
  void settle_rivals(std::vector<Item>& items);
  Status settle(Item& item, std::stop_token stop);
  Status finish_move(Item& item, std::stop_token stop);
  Status take(Item& item, std::stop_token stop);
  Status link(const Item& item, Taken& taken);
  Status flush();
  Status commit(const std::vector<Taken>& taken);
  void tell_taken(Taken& taken);
  [[nodiscard]] FetchTask task_of(const Item& item) const;
  [[nodiscard]] std::optional<FileRow> mirrored_sibling(const Item& item) const;
  [[nodiscard]] Status check_room(const SourceFile& file) const;
  void tell_left(const std::vector<const SourceFile*>& files, AdoptResult result, const std::string& reason);
  void tell(const AdoptedFile& file);
  void report();

  Parts parts_;
  AdoptOptions options_;
  AdoptSummary summary_;
  std::vector<Taken> batch_;
  std::set<Cycle*> found_;  ///< accounts that had files already, by a run that a crash cut short perhaps
  std::set<Place> placed_;  ///< renditions that got their file in this run
  std::map<std::pair<std::size_t, std::string>, std::string> bytes_;  ///< account and hash to asset, of this run
  std::int64_t done_ = 0, total_ = 0;
};

}  // namespace damsync
