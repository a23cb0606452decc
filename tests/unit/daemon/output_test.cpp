#include "daemon/cli/output.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace damsync {
namespace {

/// A terminal of our own, so wide; what was written to it is read from its other end.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(::grantpt(master_) == 0);
    REQUIRE(::unlockpt(master_) == 0);
    slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    termios raw{};
    ::tcgetattr(slave_, &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave_, TCSANOW, &raw);
    const winsize size{25, columns, 0, 0};
    REQUIRE(::ioctl(slave_, TIOCSWINSZ, &size) == 0);
  }
  ~Terminal() {
    ::close(slave_);
    ::close(master_);
  }
  [[nodiscard]] int fd() const { return slave_; }
  /// Everything that was written to it so far. A terminal hands on what it takes when it likes, in pieces of its
  /// own, so an end of ours is written behind it and read up to.
  [[nodiscard]] std::string read() const {
    constexpr char kEnd = '\4';
    REQUIRE(::write(slave_, &kEnd, 1) == 1);
    std::string text;
    for (char c = 0; ::read(master_, &c, 1) == 1 && c != kEnd;) text += c;
    return text;
  }

 private:
  int master_ = -1, slave_ = -1;
};

const std::vector<std::string> kHeader = {"ASSET", "PATH", "REASON"};
const std::vector<std::string> kRow = {"118139110", "newsroom/11/118139110/i1188641320_118139110.jpg",
                                       "the provider says that the license has expired since"};

void print(int fd) {
  Output out(fd);
  {
    Table table(out, kHeader);
    table.add(kRow);
  }
  CHECK(out.finish());
}

}  // namespace

TEST_CASE("table: on a narrow terminal a row stays on its line, paths are cut in the middle, texts at their end") {
  const Terminal terminal(60);
  print(terminal.fd());
  CHECK(terminal.read() ==
        "ASSET      PATH                     REASON\n"
        "118139110  newsroom/11…8139110.jpg  the provider says that …\n");
}

TEST_CASE("table: where there is room, or no terminal, nothing is cut") {
  const Terminal wide(200);
  print(wide.fd());
  const std::string shown = wide.read();
  for (const auto& cell : kRow) CHECK(shown.find(cell) != std::string::npos);

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  print(ends[1]);
  std::string piped(4096, '\0');
  piped.resize(static_cast<std::size_t>(::read(ends[0], piped.data(), piped.size())));
  for (const auto& cell : kRow) CHECK(piped.find(cell) != std::string::npos);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("output: a reader that had enough is told from a disk that is full") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  Output piped(ends[1]);
  piped.line("x");
  CHECK(!piped.finish());
  CHECK(piped.reader_gone());
  ::close(ends[1]);

  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  Output lost(full);
  lost.line("x");
  CHECK(!lost.finish());
  CHECK(!lost.reader_gone());
  ::close(full);
}

TEST_CASE("text: one thing is not told in the plural") {
  CHECK(counted(0, "report") == "0 reports");
  CHECK(counted(1, "report") == "1 report");
  CHECK(counted(2, "report") == "2 reports");
}

}  // namespace damsync
