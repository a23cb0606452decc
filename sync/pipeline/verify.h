#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/catalog/stored_files.h"
#include "storage/files/file_store.h"
#include "sync/pipeline/progress.h"

namespace damsync {

struct VerifyOptions {
  double sample = 1.0;               ///< share of the files, of those verified longest ago
  std::optional<Millis> time_limit;  ///< no further file is begun after this
  bool repair = false;               ///< fetch again what can be had free of charge
  /// Besides the sample: files that were not verified since that moment.
  std::optional<UtcTime> verified_before;
  bool others_write = false;  ///< a file that is new may have no row yet, and is no orphan
};

struct VerifyFinding {
  std::string code;  ///< `FILE_MISSING`, `FILE_HASH_MISMATCH`, `FILE_NO_LICENSE`
  std::string path;
  std::string asset_id;
  bool repaired = false;  ///< the file is as it should be again
};

/// The names are those of `verify --json`.
struct VerifySummary {
  std::int64_t checked = 0, ok = 0, missing = 0, corrupt = 0, orphans = 0, repaired = 0, bytes = 0;
  std::vector<VerifyFinding> findings;
};

/// Compares the store with the catalog: re-hashes files, finds what is gone, changed or unknown. Deletes nothing. The
/// files verified longest ago come first, so that no file is left out for ever, however short the time.
///
/// Threads  one; others may write catalog and store meanwhile: a verdict counts only if the row is as it was before.
class Verifier {
 public:
  struct Parts {
    Database& db;
    Catalog& catalog;
    CatalogWriter& writer;
    FileStore& store;
    Clock& clock;
    ProgressSink progress;
  };
  explicit Verifier(Parts parts) : parts_(std::move(parts)) {}

  /// Errors: kStorage, kCancelled. What was checked until then is recorded.
  Result<VerifySummary> run(const VerifyOptions& options, std::stop_token stop);

 private:
  struct Verdict {
    std::string path;
    FileState state = FileState::kMirrored;
    std::string account, asset_id;
    FileState before = FileState::kMirrored;
  };
  [[nodiscard]] std::vector<StoredFiles::Turn> turns(const VerifyOptions& options) const;
  [[nodiscard]] std::vector<std::size_t> known_paths() const;
  Status check_files(const VerifyOptions& options, const std::stop_token& stop);
  Status check(const Catalog::StoredFile& file);
  void tell(const Verdict& verdict);
  [[nodiscard]] bool is_as_before(const Catalog::StoredFile& file) const;
  Status find_orphans(const VerifyOptions& options);
  void record();

  Parts parts_;
  VerifySummary summary_;
  std::vector<Verdict> verdicts_;
};

}  // namespace damsync
