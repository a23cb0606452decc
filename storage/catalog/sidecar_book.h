#pragma once

#include <string>

namespace damsync {

class Database;

/// What the sidecars of an account were last written from beside the catalog's own facts (settings of the operator, the
/// wanted formats), as a fingerprint.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  those of the `Database`.
class SidecarBook {
 public:
  explicit SidecarBook(Database& db) : db_(db) {}

  /// Empty when nothing was noted yet.
  [[nodiscard]] std::string fingerprint(const std::string& account) const;
  /// Notes it, and that every sidecar of the account may be out of date. Must be called inside a `Transaction`.
  void renew(const std::string& account, const std::string& fingerprint);

  // Notes sidecars that are not wanted any more as left over (`LayoutBook`); inside a `Transaction`, too.

  /// Those that stand beside the account's files, named as the file with `suffix` behind it.
  void drop_beside_files(const std::string& account, const std::string& suffix);
  /// Those of the account's assets.
  void drop_of_assets(const std::string& account);

 private:
  Database& db_;
};

}  // namespace damsync
