#include "storage/files/posix_file_ops.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <tuple>

#include "tests/support/failing_call.h"
#include "tests/support/store_bench.h"

namespace damsync {
namespace fs = std::filesystem;
namespace {

int interrupted_pipe[2];
std::atomic<int> interruptions = 0;

/// Interrupts system calls without restarting them; the fifth time it also sends the byte that is waited for.
void interrupt(int) {
  if (++interruptions == 5 && ::write(interrupted_pipe[1], "x", 1) != 1) ::_exit(1);
}

/// Links in the place of files and of folders on the way, also such that stay beneath the root.
void check_links(StoreBench& bench) {
  const auto& [root, ops] = std::tie(bench.root, bench.ops);
  const auto outside = [&](const std::string& name) { return bench.outside(name); };
  fs::create_directories(outside("elsewhere"));
  std::ofstream(outside("elsewhere/file")) << "secret";
  fs::create_directory_symlink(outside("elsewhere"), root + "/link");
  fs::create_symlink("/etc/hostname", root + "/file");
  CHECK(ops->stat("link")->exists);
  CHECK_FALSE(ops->stat("link")->directory);
  CHECK_FALSE(ops->stat("file")->regular);
  CHECK(code_of(ops->open_read("link/file")) == "invalid");
  CHECK(code_of(ops->open_read("file")) == "invalid");
  CHECK(code_of(ops->create("link/new")) == "invalid");
  CHECK(code_of(ops->create("file")) == "invalid");
  CHECK(code_of(ops->list_dir("link")) == "invalid");
  CHECK(code_of(ops->make_dir("link/new")) == "invalid");
  CHECK(code_of(ops->make_dir("link")) == "invalid");
  CHECK(code_of(ops->remove("link/file")) == "invalid");
  CHECK(code_of(ops->lock("file")) == "invalid");
  // Also one that stays beneath the root.
  fs::create_directories(root + "/real");
  fs::create_directory_symlink("real", root + "/inside");
  CHECK(code_of(ops->create("inside/new")) == "invalid");
  CHECK(code_of(ops->stat("inside/new")) == "invalid");
  CHECK(ops->remove("link").ok());
  CHECK(fs::exists(outside("elsewhere/file")));
}

}  // namespace

TEST_CASE_FIXTURE(StoreBench, "X6 posix file ops: short reads and writes are carried to their end") {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const std::string sent(300'000, 'x');  // more than a pipe holds: both ends see short counts
  std::string received(sent.size(), '\0');
  bool written = false;
  std::jthread writer([&] { written = ops->write(pipe[1], sent).ok(); });
  const auto count = ops->read(pipe[0], received);
  REQUIRE(count.ok());
  CHECK(*count == sent.size());
  for (std::size_t total = *count; total < sent.size();) total += *ops->read(pipe[0], received);
  writer.join();
  CHECK(written);
  CHECK(received == sent);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_CASE_FIXTURE(StoreBench, "X6 posix file ops: an interrupted read is taken up again") {
  REQUIRE(::pipe(interrupted_pipe) == 0);
  interruptions = 0;
  struct sigaction action {
  }, old{};
  action.sa_handler = interrupt;
  REQUIRE(::sigaction(SIGALRM, &action, &old) == 0);
  const itimerval each_millisecond{{0, 1000}, {0, 1000}};
  REQUIRE(::setitimer(ITIMER_REAL, &each_millisecond, nullptr) == 0);
  char byte = 0;
  const auto count = ops->read(interrupted_pipe[0], std::span(&byte, 1));
  const itimerval off{};
  ::setitimer(ITIMER_REAL, &off, nullptr);
  ::sigaction(SIGALRM, &old, nullptr);
  REQUIRE(count.ok());
  CHECK(*count == 1);
  CHECK(byte == 'x');
  ::close(interrupted_pipe[0]);
  ::close(interrupted_pipe[1]);
}

TEST_CASE_FIXTURE(StoreBench, "X2 posix file ops: a file that may not grow is an error, never a shorter file") {
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const auto handle = ops->create("limited");
  REQUIRE(handle.ok());
  rlimit small = old;
  small.rlim_cur = 1000;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto written = ops->write(*handle, std::string(5000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, handler);
  CHECK(code_of(written) == "storage");
  CHECK(written.error().message.find("limited") != std::string::npos);
  CHECK(ops->close(*handle).ok());
}

TEST_CASE_FIXTURE(StoreBench, "X1 posix file ops: a full disk is named as such and worth another try") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  const auto written = ops->write(full, std::string_view("x"));
  ::close(full);
  REQUIRE_FALSE(written.ok());
  CHECK(written.error().code == ErrorCode::kStorage);
  CHECK(written.error().retry == Retry::kAfterBackoff);
  CHECK(written.error().message.find("disk full") != std::string::npos);
}

TEST_CASE_FIXTURE(StoreBench, "X3 posix file ops: running out of descriptors is an error worth another try") {
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
  rlimit none = old;
  none.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto made = ops->create("x");
  ::setrlimit(RLIMIT_NOFILE, &old);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().code == ErrorCode::kStorage);
  CHECK(made.error().retry == Retry::kAfterBackoff);
}

TEST_CASE_FIXTURE(StoreBench, "P7 posix file ops: links are seen as links and never opened, listed or made through") {
  check_links(*this);
}

TEST_CASE_FIXTURE(StoreBench, "X9 posix file ops: a sandbox without openat2 changes nothing, and leads nowhere else") {
  const bool possible = without_openat2([&] {
    check_links(*this);
    CHECK(code_of(ops->stat("none/at/all")) == "ok");
    CHECK(code_of(ops->open_read("none/at/all")) == "not_found");
    CHECK(ops->make_dir("a").ok());
    CHECK(ops->make_dir("a/b").ok());
    CHECK(publish_bytes(store, "a/b/c.jpg", "picture").ok());
    CHECK(ops->stat("a/b/c.jpg")->bytes == 7);
    CHECK(ops->list_dir("a/b").value() == std::vector<std::string>{"c.jpg"});
    CHECK(ops->sync_dir("").ok());
    CHECK(ops->sync_dir("a/b").ok());
    CHECK(code_of(ops->open_read("a/b/c.jpg/d")) == "invalid");
    CHECK(ops->remove("a/b/c.jpg").ok());
  });
  if (!possible) MESSAGE("skipped: this kernel takes no rules about calls");
}

TEST_CASE_FIXTURE(StoreBench, "X4 posix file ops: a root that cannot be looked at now is no root that was replaced") {
  std::string code;
  const bool possible = with_failing_call(SYS_newfstatat, EIO, [&] { code = code_of(ops->check_root()); });
  if (possible)
    CHECK(code == "storage");
  else
    MESSAGE("skipped: this kernel takes no rules about calls");
  CHECK(ops->check_root().ok());
  fs::rename(root, outside("elsewhere"));
  CHECK(code_of(ops->check_root()) == "guard");
  std::ofstream(root) << "no folder";
  CHECK(code_of(ops->check_root()) == "guard");
  fs::remove(root);
  fs::create_directories(root);
  CHECK(code_of(ops->check_root()) == "guard");
}

TEST_CASE_FIXTURE(StoreBench, "posix file ops: only regular files outside the store are linked") {
  fs::create_symlink("/etc/hostname", outside("link"));
  fs::create_directories(outside("folder"));
  CHECK(code_of(ops->link(outside("link"), "a")) == "invalid");
  CHECK(code_of(ops->link(outside("folder"), "a")) == "invalid");
  CHECK_FALSE(ops->stat("a")->exists);
}

}  // namespace damsync
