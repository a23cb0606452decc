#include "storage/files/posix_file_ops.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/store_bench.h"

namespace damsync {
namespace fs = std::filesystem;
namespace {

/// Lets system calls of this process be interrupted instead of restarted.
class InterruptingSignal {
 public:
  InterruptingSignal() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGUSR2, &action, &old_);
  }
  ~InterruptingSignal() { ::sigaction(SIGUSR2, &old_, nullptr); }

 private:
  struct sigaction old_ {};
};

}  // namespace

TEST_CASE_FIXTURE(StoreBench, "X6 posix file ops: interrupted and short reads and writes are carried to their end") {
  const InterruptingSignal interrupting;
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const std::string sent(300'000, 'x');  // more than a pipe holds: both ends block and see short counts
  std::string received(sent.size(), '\0');
  std::atomic<bool> done = false;
  bool written = false;
  std::thread writer([&] { written = ops->write(pipe[1], sent).ok(); });
  std::thread interrupter([&, reader = ::pthread_self(), target = writer.native_handle()] {
    for (int i = 0; i < 2000 && !done; ++i) {
      ::pthread_kill(reader, SIGUSR2);
      if (i < 20) ::pthread_kill(target, SIGUSR2);
      std::this_thread::yield();
    }
  });
  std::size_t total = 0;
  while (total < sent.size()) {
    const auto count =
        ops->read(pipe[0], std::span(received).subspan(total, std::min<std::size_t>(70'000, sent.size() - total)));
    REQUIRE(count.ok());
    CHECK(*count == std::min<std::size_t>(70'000, sent.size() - total));
    total += *count;
  }
  done = true;
  interrupter.join();
  writer.join();
  CHECK(written);
  CHECK(received == sent);
  ::close(pipe[0]);
  ::close(pipe[1]);
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
  CHECK(ops->remove("link").ok());
  CHECK(fs::exists(outside("elsewhere/file")));
}

TEST_CASE_FIXTURE(StoreBench, "posix file ops: only regular files outside the store are linked") {
  fs::create_symlink("/etc/hostname", outside("link"));
  fs::create_directories(outside("folder"));
  CHECK(code_of(ops->link(outside("link"), "a")) == "invalid");
  CHECK(code_of(ops->link(outside("folder"), "a")) == "invalid");
  CHECK_FALSE(ops->stat("a")->exists);
}

}  // namespace damsync
