#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "storage/base/result.h"

namespace damsync {

/// Holds a folder for one writer: an flock that the kernel ends with its holder.
///
/// Errors   kLocked when another process or another holder of this one has it; kStorage.
class FolderLock {
 public:
  static Result<FolderLock> take(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// Makes a folder of mode 0750, and the missing ones above it; one that is there already is fine. kStorage otherwise.
Status make_folder(const std::filesystem::path& folder);

/// Syncs a folder whose files are synced, moves it to a name that must be free, and syncs the folder above.
///
/// Durable  when it returns ok, the name and everything in it survive a power cut. A crash leaves it under one of both
///          names, whole.
Status publish_folder(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes `link` point to `target` in one step, whether it was there or not. Errors: kStorage, also when something that
/// is no link has the name.
Status replace_link(const std::filesystem::path& link, const std::string& target);

}  // namespace damsync
