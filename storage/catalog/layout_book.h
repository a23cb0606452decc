#pragma once

#include <functional>
#include <string>
#include <vector>

#include "storage/model/asset.h"
#include "storage/model/license.h"

namespace damsync {

class Database;

/// Which layout the files of an account stand in, and what moving them leaves behind.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  those of the `Database`.
class LayoutBook {
 public:
  explicit LayoutBook(Database& db) : db_(db) {}

  /// The layout that all files of the account are known to stand in; empty: not known.
  [[nodiscard]] std::string layout(const std::string& account) const;
  void put_layout(const std::string& account, const std::string& layout);

  /// Paths of the account's files, each once, in order after `after`, at most `limit`.
  [[nodiscard]] std::vector<std::string> paths(const std::string& account, const std::string& after,
                                               std::size_t limit) const;
  /// The files that share a path, by license id.
  [[nodiscard]] std::vector<FileRow> files_at(const std::string& account, const std::string& path) const;
  /// True when a file or something that is still to be removed has that path, in whatever account.
  [[nodiscard]] bool taken(const std::string& path) const;

  /// True when the sidecar of another asset has that path, or something that another account is to remove.
  [[nodiscard]] bool sidecar_taken(const AssetRow& asset, const std::string& path) const;
  /// True when an asset that comes first, by account and id, has its sidecar at the path of this one's.
  [[nodiscard]] bool sidecar_shared(const AssetRow& asset) const;

  /// All files at `from` are at `to` from now on; the old name is left over.
  void move(const std::string& account, const std::string& from, const std::string& to);
  /// The asset's sidecar is to be written again, at `to`. The old one is left over, and so is the new one unless the
  /// asset names it by then.
  void move_sidecar(const AssetRow& asset, const std::string& to);

  struct Leftover {
    std::string path;
    std::string twin;  ///< the file's new name; empty: a sidecar
  };
  void add_leftover(const std::string& account, const Leftover& leftover);
  [[nodiscard]] std::vector<Leftover> leftovers(const std::string& account, std::size_t limit) const;
  /// The paths of all that is left over, in whatever account.
  void list_leftovers(const std::function<void(const std::string& path)>& visit) const;
  void clear_leftover(const std::string& account, const std::string& path);
  /// True when a file or a sidecar of the catalog is there.
  [[nodiscard]] bool in_use(const std::string& path) const;

 private:
  Database& db_;
};

}  // namespace damsync
