#pragma once

#include <set>
#include <string>
#include <unordered_set>

#include "storage/base/result.h"
#include "storage/files/file_ops.h"

namespace damsync {

/// The folder a path lies in; empty for one directly below the root.
std::string folder_of(const std::string& path);

/// Makes folders and sees to it that their entries are durable, with as few calls as possible: a folder known to stand
/// is not made again, and each folder whose entries changed is synced once a batch, many of them together.
///
/// A folder that this process finds standing may be the unsynced work of a process that crashed, so its parent is
/// synced once as well.
///
/// Threads  one at a time.
class Folders {
 public:
  explicit Folders(FileOps& ops) : ops_(ops) {}

  /// Makes `folder` and its parents where missing. Errors: kInvalid when something else has the name of one of them.
  Status ensure(const std::string& folder);
  /// Notes that an entry of `folder` changed.
  void touch(const std::string& folder) { changed_.insert(folder); }
  /// Syncs what changed, each folder once or, when they are many, all at once. After a failure nothing is taken for
  /// granted any more.
  Status sync();
  /// Forgets what was known: after a failure the next batch makes and syncs everything again.
  void forget();

 private:
  Status sync_changed();

  FileOps& ops_;
  std::unordered_set<std::string> standing_;  ///< exist, their entry is durable or will be after `sync`
  std::unordered_set<std::string> settled_;   ///< were synced by this process
  std::set<std::string> changed_;
};

}  // namespace damsync
