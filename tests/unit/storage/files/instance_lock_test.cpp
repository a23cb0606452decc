#include "storage/files/instance_lock.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "tests/support/temp_dir.h"

namespace damsync {

TEST_CASE("G5 instance lock: a second holder is turned away at once and told who holds it") {
  const TempDir dir;
  const std::string path = dir / "lock";
  auto first = InstanceLock::take(path);
  REQUIRE(first.ok());
  const auto second = InstanceLock::take(path);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::kLocked);
  CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
}

TEST_CASE("instance lock: it is free again when its holder is gone") {
  const TempDir dir;
  const std::string path = dir / "lock";
  {
    const InstanceLock moved = InstanceLock::take(path).value();
    CHECK_FALSE(InstanceLock::take(path).ok());
  }
  CHECK(InstanceLock::take(path).ok());
}

TEST_CASE("G5 instance lock: a holder that was killed leaves no lock behind") {
  const TempDir dir;
  const std::string path = dir / "lock";
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = InstanceLock::take(path);
    if (::write(ready[1], lock.ok() ? "y" : "n", 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  CHECK_FALSE(InstanceLock::take(path).ok());
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(InstanceLock::take(path).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("instance lock: the file has mode 0640 under any umask, and a link in its place is refused") {
  const TempDir dir;
  const mode_t old = ::umask(0);
  const auto lock = InstanceLock::take(dir / "lock");
  ::umask(old);
  REQUIRE(lock.ok());
  struct stat info {};
  REQUIRE(::stat((dir / "lock").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0640);
  std::filesystem::create_symlink(dir / "elsewhere", dir / "link");
  CHECK(InstanceLock::take(dir / "link").error().code == ErrorCode::kStorage);
  CHECK_FALSE(std::filesystem::exists(dir / "elsewhere"));
  CHECK(InstanceLock::take(dir / "missing/lock").error().code == ErrorCode::kStorage);
}

}  // namespace damsync
