#pragma once

#include <filesystem>
#include <functional>

#include "storage/sqlite/durable_file.h"

namespace damsync {

/// Which files this process has open with SQLite. SQLite's locks on a file belong to the process, and closing any other
/// descriptor of that file drops all of them: the next program that opens the catalog would take itself to be alone,
/// and remove the -wal under our feet. So nobody opens such a file past SQLite.
///
/// Threads  any.
class OpenFiles {
 public:
  /// One connection to a file, for as long as it lives.
  class Entry {
   public:
    explicit Entry(const FileIdentity& file);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    FileIdentity file_;
  };

  /// Runs `look`, which may open and close the file, unless a connection is open; none opens meanwhile.
  static void look_if_closed(const std::filesystem::path& path, const std::function<void()>& look);
};

}  // namespace damsync
