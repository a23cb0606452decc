#include "daemon/state_lock.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace damsync {
namespace {

/// `user 1000`, or `user damsync: runuser -u damsync -- damsync ...`.
std::string described(uid_t user) {
  const passwd* entry = ::getpwuid(user);
  return entry == nullptr ? fmt::format("user {}", user)
                          : fmt::format("user {0}: runuser -u {0} -- damsync ...", entry->pw_name);
}

/// That root does not work in the place of another user: the catalog's owner, or before there is one its folder's.
Status check_owner(const std::filesystem::path& catalog) {
  struct stat info {};
  if (::geteuid() != 0) return {};
  if (::stat(catalog.c_str(), &info) != 0 && ::stat(catalog.parent_path().c_str(), &info) != 0) return {};
  if (info.st_uid == 0) return {};
  return make_error(ErrorCode::kSettings,
                    fmt::format("{} does not belong to root, and its owner could not open what root writes there; "
                                "run this as {}",
                                catalog.parent_path().string(), described(info.st_uid)));
}

}  // namespace

Result<InstanceLock> lock_state(const std::filesystem::path& catalog) {
  const std::string path = catalog.string() + ".lock";
  const auto ours = check_owner(catalog);
  // Whoever works there is told of first: a running daemon does it for root.
  if (!ours && !std::filesystem::exists(path)) return ours.error();
  auto lock = InstanceLock::take(path);
  if (lock && !ours) return ours.error();
  return lock;
}

}  // namespace damsync
