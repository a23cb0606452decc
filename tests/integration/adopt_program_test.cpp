#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "storage/files/instance_lock.h"
#include "tests/support/adopt_bench.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

/// A state with one license whose file is offered, and settings whose secrets do not exist.
struct Program : TempDir {
  Program() {
    AdoptBench bench(path());
    bench.hold("newsroom", "118139110", "e1");
    bench.offer("shutterstock_118139110-huge.jpg", tiny_jpeg(600, 400));
    std::ofstream(*this / "damsync.toml") << "[store]\nroot = \"" << (*this / "store") << "\"\nmin_free = \"1MiB\"\n"
                                          << "[catalog]\npath = \"" << (*this / "catalog.db") << "\"\n"
                                          << "[[account]]\nname = \"newsroom\"\nprovider = \"shutterstock\"\n"
                                          << "base_url = \"http://127.0.0.1:1\"\n"
                                          << "access_token = { file = \"" << (*this / "no-such.token") << "\" }\n";
  }

  /// Exit code; what it printed is in `out`.
  int run(const std::string& arguments) {
    const std::string command =
        damsync_binary() + " -c " + (*this / "damsync.toml") + " -q adopt " + arguments + " 2>" + (*this / "err");
    out.clear();
    FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> piece{};
    for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) out.append(piece.data(), n);
    const int status = ::pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  [[nodiscard]] std::string member(const std::string& name) const {
    const auto json = parse_json(out.substr(0, out.find('\n')));
    const Json* value = json ? json->find(name) : nullptr;
    return value != nullptr && value->if_string() != nullptr ? *value->if_string() : "";
  }

  std::string out;
};

}  // namespace

TEST_CASE_FIXTURE(Program, "adopt program: takes a file without any secret and says so in one object a file") {
  const std::string incoming = *this / "incoming";
  CHECK(run(incoming + " --dry-run --json") == 0);
  CHECK(member("result") == "adopted");
  CHECK_FALSE(std::filesystem::exists(*this / "store/newsroom"));
  CHECK(run(incoming + " --json") == 0);
  CHECK(member("path") == incoming + "/shutterstock_118139110-huge.jpg");
  CHECK(member("result") == "adopted");
  CHECK(member("account") == "newsroom");
  CHECK(member("asset_id") == "118139110");
  CHECK(member("license_id") == "e1");
  CHECK(member("store_path") == "newsroom/10/118139110/shutterstock_118139110-huge.jpg");
  CHECK(std::filesystem::exists(*this / ("store/" + member("store_path"))));
  CHECK(run(incoming) == 0);
  CHECK(out.find("already") != std::string::npos);
}

TEST_CASE_FIXTURE(Program, "adopt program: exit codes tell what was left, a busy state and a wrong command line") {
  const std::string incoming = *this / "incoming";
  std::ofstream(*this / "incoming/holiday.jpg") << "no name of a provider";
  CHECK(run(incoming) == 1);
  CHECK(run(incoming + " --move --link") == 2);
  CHECK(run(incoming + " --account nobody") == 2);
  CHECK(run((*this / "store") + " --move") == 2);
  CHECK(run("") == 2);
  const auto lock = InstanceLock::take(*this / "catalog.db.lock");
  REQUIRE(lock.ok());
  CHECK(run(incoming) == 75);
  CHECK(run(incoming + " --dry-run") == 1);
}

}  // namespace damsync
