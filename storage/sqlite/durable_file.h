#pragma once

#include <cstdint>
#include <filesystem>

#include "storage/base/result.h"

namespace damsync {

/// Which file a name stands for.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// Errors: kStorage with the path and the system's words, here and below.
Result<FileIdentity> file_identity(const std::filesystem::path& path);

/// Makes an empty file of mode 0640 whatever the umask; kStorage when the name is taken.
Status create_private_file(const std::filesystem::path& path);

/// Syncs a file, moves it to a name that must be free, and syncs the folder.
///
/// Durable  when it returns, the name and the bytes survive a power cut.
Status publish_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Moves a file to a name that must be free, and syncs the folder; its bytes are as durable as before.
Status move_aside(const std::filesystem::path& from, const std::filesystem::path& to);

/// The same as `publish_file`, taking the place of what has the name.
Status publish_file_over(const std::filesystem::path& from, const std::filesystem::path& to);

/// Gives a file a second name that must be free, and syncs the folder.
Status link_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace damsync
