#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/catalog/layout_book.h"
#include "sync/pipeline/cycle.h"
#include "sync/pipeline/sidecar_work.h"

namespace damsync {

/// Moves the files of an account to where another `store.layout` wants them. A file that stands where the layout puts
/// it for any license that shares it stays, so nothing moves without a change of the settings.
///
/// Order of writes: a note of the new name, the new name (a second one for the same bytes), its folder, the rows
/// together with a note of the old names, the sidecars, and last the old names go. At every moment a row names a whole
/// file (I1, I2), and no name goes but one of a file that has another (I8). Whatever is interrupted goes on with the
/// next cycle.
///
/// Threads  that of its `Cycle`.
class LayoutWork {
 public:
  LayoutWork(Cycle& cycle, SidecarWork& sidecars) : cycle_(cycle), sidecars_(sidecars), book_(cycle.db) {}

  /// Errors: kStorage, kCancelled. A file that cannot be moved stays where it is, and is tried again.
  Status run(std::stop_token stop);
  /// Says what `run` would move.
  void plan();

 private:
  struct Move {
    std::string asset_id, license_id;
    std::string from;
    std::vector<std::string> to;  ///< the place of the layout, then that with the license id
  };
  [[nodiscard]] bool settled() const;
  void put_layout(const std::string& layout);
  [[nodiscard]] std::vector<Move> wanted(const std::vector<std::string>& paths);
  [[nodiscard]] std::optional<Move> wanted(const std::string& path);
  [[nodiscard]] std::vector<std::string> suffixes() const;
  [[nodiscard]] std::optional<std::string> sidecar_place(const AssetRow& asset) const;
  [[nodiscard]] std::vector<AssetRow> astray() const;
  [[nodiscard]] PathInput input_for(const LicenseRow& license, bool editorial, std::string ext) const;
  Status move(std::vector<Move> moves);
  Status name(std::vector<Move>& moves);
  void note(const std::vector<Move>& moves);
  void commit(const std::vector<Move>& moves);
  Status move_sidecars();
  void tell_progress(std::size_t more);

  Cycle& cycle_;
  SidecarWork& sidecars_;
  LayoutBook book_;
  std::set<std::string> reserved_;  ///< places given away and not in the catalog yet
  bool refused_ = false;            ///< some file could not be moved
  std::int64_t done_ = 0;           ///< names looked at
};

}  // namespace damsync
