#pragma once

#include <string>

#include "storage/base/result.h"

namespace damsync {

/// The right to be the only damsync that writes some state: an exclusive flock on a file, held until destroyed or until
/// the process ends in any way. The file stays; it holds the process id of the last holder, for people.
class InstanceLock {
 public:
  /// Errors: kLocked when another holder has it, kStorage when the file cannot be made (0640) or opened. Never waits.
  static Result<InstanceLock> take(const std::string& path);

  InstanceLock(InstanceLock&& other) noexcept;
  InstanceLock& operator=(InstanceLock&& other) noexcept;
  ~InstanceLock();

 private:
  explicit InstanceLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace damsync
