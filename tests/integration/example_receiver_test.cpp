#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "tests/integration/hook_desk.h"
#include "tests/support/paths.h"

namespace damsync {
namespace {

/// A port that is free now.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool answers(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

bool comes_up(std::uint16_t port) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < deadline) {
    if (answers(port)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

std::vector<std::string> lines_in(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE_FIXTURE(HookDesk, "example receiver: verifies what the program sends, and takes each event once") {
  const auto port = free_port();
  const std::string output = desk.dir / "received";
  const auto run_example = [&](const std::string& known) {
    return std::make_unique<Program>(ProgramCall{
        {"/usr/bin/env", "python3", source_dir() + "/sync/deliver/example_receiver.py", std::to_string(port)},
        {{"WEBHOOK_SECRET", known}},
        output});
  };
  desk.write_file("conf.d/hooks.toml", "[[webhook]]\nname = \"cms\"\nurl = \"http://127.0.0.1:" + std::to_string(port) +
                                           "/\"\nsecret = { file = \"" + (desk.dir / "hook-secret") + "\" }\n");
  {
    const auto stranger = run_example(new_secret('x'));
    REQUIRE(comes_up(port));
    desk.sync();
    CHECK(lines_in(output).empty());
    CHECK(holds(text(receiver(), "reason"), "answered 401"));
  }
  const auto example = run_example(new_secret('x') + " " + secret);
  REQUIRE(comes_up(port));
  deliveries({"retry", "--all"});
  deliveries({"run"});
  const auto lines = lines_in(output);
  CHECK(lines.size() == feed().size());
  CHECK(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
          return line.starts_with("org.damsync.asset.stored.v1 shutterstock:");
        }) == 3);
  deliveries({"replay", "--since", "0"});
  deliveries({"run"});
  CHECK(lines_in(output).size() == lines.size());
}

}  // namespace damsync
