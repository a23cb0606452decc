#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "storage/base/crash_point.h"
#include "storage/base/digest.h"
#include "storage/base/time.h"
#include "storage/base/ulid.h"
#include "tests/support/temp_dir.h"

namespace damsync {

TEST_CASE("digest: SHA-256 gives the published values, in one piece or many") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  for (const char c : std::string(1'000'000, 'a')) pieces.update(std::span(&c, 1));
  CHECK(pieces.finish_hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("ulid: the first ten digits are the time, as the specification has it") {
  const UtcTime far = from_millis(1'469'918'176'385 + (std::int64_t{1} << 46));
  const std::string id = make_ulid(far);
  CHECK(id.size() == 26);
  CHECK(id.substr(0, 1) == "2");
  CHECK(id.substr(1, 9) == "1ARYZ6S41");
  CHECK(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos);
}

TEST_CASE("ulid: ids of one process ascend, while the clock stands still, goes back, and in every thread") {
  const UtcTime now = from_millis(std::int64_t{1} << 47);
  std::string last = make_ulid(now);
  for (int i = 0; i < 1000; ++i) {
    const std::string next = make_ulid(now - Millis(i));
    REQUIRE(next > last);
    last = next;
  }
  std::mutex mutex;
  std::set<std::string> all;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) {
        const std::string id = make_ulid(now);
        const std::lock_guard lock(mutex);
        all.insert(id);
      }
    });
  threads.clear();
  CHECK(all.size() == 1000);
}

TEST_CASE("crash point: the process ends at the point asked for, and the log names those reached") {
  const TempDir dir;
  const std::string log = dir / "points";
  const pid_t child = ::fork();
  if (child == 0) {
    crash_points::arm(2, log);
    crash_point("first");
    crash_point("second");
    crash_point("third");
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 137);
  std::ifstream in(log);
  std::string first, second, none;
  CHECK(std::getline(in, first));
  CHECK(std::getline(in, second));
  CHECK_FALSE(std::getline(in, none));
  CHECK(first == "first");
  CHECK(second == "second");
}

}  // namespace damsync
