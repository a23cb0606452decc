#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "sync/pipeline/cycle.h"
#include "sync/pipeline/plan.h"
#include "sync/providers/page.h"

namespace damsync {

/// Where a page stands in its stream.
struct PagePosition {
  StreamRow stream;     ///< as it is to be stored with the page: the cursor moves in the page's transaction (I3)
  std::string scan_id;  ///< of a complete listing; empty otherwise
};

/// A file under its final name, durable, not in the catalog yet (I2).
struct StoredFile {
  FetchTask task;
  std::string path;
  std::int64_t bytes = 0;
  std::string sha256;
};

/// A file that is not fetched by a rule, not by a failure.
struct SetAside {
  FetchTask task;
  FileState state = FileState::kBlocked;  ///< kBlocked: until something changes; kPending: looked at again every cycle
  std::string reason;
};

/// The one place where the catalog changes: each method is one transaction that holds the rows, the pending work and
/// the events of what happened.
///
/// Errors   SQL failures throw (`DatabaseError`); nothing of the transaction is kept.
class Committer {
 public:
  explicit Committer(Cycle& cycle) : cycle_(cycle) {}

  /// What one page of a stream says, with the stream's new cursor.
  void page(const Page& page, const PagePosition& position);
  void stream_failed(const std::string& stream, const Error& error);

  /// Marks metadata as wanted for these assets.
  void want_metadata(std::span<const std::string> asset_ids, const std::string& reason);
  /// What a provider said about one batch of assets. `absent`: confirmed to be gone.
  void described(std::span<const WorkItem> batch, const Descriptions& answer);
  /// The provider says that an asset is as the catalog has it.
  void unchanged(const WorkItem& asset);
  void not_described(std::span<const WorkItem> batch, const Error& error);

  void stored(std::span<const StoredFile> files);
  /// `kGone` blocks the license that was asked; anything else is retried later, whatever the number of attempts.
  void not_fetched(const FetchTask& task, const Error& error);
  /// A file that was mirrored before keeps its row: what was there is evidence. Returns how many were newly blocked.
  std::int64_t set_aside(std::span<const SetAside> files);

  /// Files that were blocked for exactly this reason are wanted again.
  void unblock(const std::string& reason);

  /// Notes licenses that a complete listing did not have, and with them that it was made: `listed` is the stream's row.
  /// Licenses that were set aside before and are not among the `unusable` of it (by key) are settled.
  void missing_licenses(std::span<const LicenseRow> licenses, const std::set<std::string>& unusable,
                        const StreamRow& listed);
  /// Applies the collected losses: assets withdrawn, licenses vanished.
  void losses(std::span<const std::string> withdrawn_assets, std::span<const std::string> vanished_licenses);

 private:
  void license(const License& license, const std::string& scan_id, UtcTime now);
  void notice(const AssetNotice& notice, UtcTime now);
  void rejected(const RejectedItem& item, UtcTime now);
  void forget_unlisted(const Page& page, UtcTime now);
  void description(const DescribedAsset& described, UtcTime now);
  void metadata_failed(const WorkItem& item, const std::string& reason, UtcTime now);
  void absent(const std::string& asset_id, UtcTime now);
  void put_file_state(FileRow file, FileState state, const std::string& reason);
  void tell_stored(const std::string& asset_id, const std::vector<FileRow>& before);
  void event(EventType type, const std::string& asset_id, const std::string& license_id,
             std::vector<std::string> fields);
  void planned(const std::string& action, const std::string& asset_id, const std::string& license_id,
               const std::string& detail) const;

  Cycle& cycle_;
};

}  // namespace damsync
