#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "tests/simulators/demo_getty.h"
#include "tests/simulators/sandbox_config.h"
#include "tests/simulators/sandbox_control.h"

#ifndef DAMSYNC_VERSION
#define DAMSYNC_VERSION "0.1.0"
#endif

namespace {

using namespace damsync;

struct Arguments {
  std::uint16_t port = 8765;
  std::string host = "127.0.0.1";
  std::string data = "demo";
  std::string token{kSandboxToken};
  std::string config_file;
  std::string state_directory;
};

/// Reads `200000`, `200KiB` or `1MiB`.
std::size_t parse_size(const std::string& text) {
  std::size_t used = 0;
  const std::size_t number = std::stoul(text, &used);
  const std::string unit = text.substr(used);
  if (unit.empty() || unit == "B") return number;
  if (unit == "KiB") return number << 10;
  if (unit == "MiB") return number << 20;
  throw std::invalid_argument("not a size: " + text);
}

void load_data(SandboxWorld& world, const std::string& data) {
  if (data == "demo") return world.load_demo_data();
  ShutterstockSim& sim = world.newsroom;
  const UtcTime now = sim.now();
  const auto colon = data.find(':', 6);
  if (!data.starts_with("bench:") || colon == std::string::npos) {
    throw std::invalid_argument("--data must be demo or bench:N:SIZE");
  }
  const std::size_t count = std::stoul(data.substr(6, colon - 6));
  const std::size_t bytes = parse_size(data.substr(colon + 1));
  if (bytes > 0) PaddedJpeg{bytes};  // says now, not at the first download, that a size is too small
  sim.edit([&](ShutterstockState& state) { load_bench(state, now, count, bytes); });
}

void accept_token(ShutterstockSim& sim, const std::string& token) {
  sim.edit([&](ShutterstockState& state) {
    state.tokens.clear();
    state.add_token(token, "anna");
  });
}

/// Blocks until SIGINT or SIGTERM, which must have been blocked in every thread before.
void wait_for_signal(const sigset_t& signals) {
  int signal = 0;
  ::sigwait(&signals, &signal);
}

int serve(const Arguments& arguments) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  SandboxWorld world;
  load_data(world, arguments.data);
  accept_token(world.newsroom, arguments.token);
  SandboxControl control(world);
  SimServer server(
      [&](const SimRequest& request) {
        auto answer = control.handle(request);
        return answer ? std::move(*answer) : world.handle(request);
      },
      arguments.port);
  if (!arguments.config_file.empty()) {
    SandboxConfig config{.file = arguments.config_file,
                         .state = arguments.state_directory,
                         .base_url = server.base_url(),
                         .token = arguments.token};
    if (arguments.data == "demo") {
      config.archive_ids = connect_demo_list();
      config.on_disk = world.photo_desk.edit([](const GettyState& state) { return getty_demo_files(state); });
    }
    const auto written = write_sandbox_config(config);
    if (!written) {
      std::fprintf(stderr, "damsync-sandbox: %s\n", written.error().message.c_str());
      return 74;
    }
  }
  std::printf("damsync-sandbox listening on %s\n", server.base_url().c_str());
  std::fflush(stdout);
  wait_for_signal(signals);
  server.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Simulated stock photo providers on loopback, to try damsync out and to connect a CMS to it."};
  app.set_version_flag("--version", "damsync-sandbox " DAMSYNC_VERSION);
  app.add_option("--port", arguments.port, "Port on 127.0.0.1; 0 takes any free one")->capture_default_str();
  app.add_option("--host", arguments.host, "Loopback address to listen on")->capture_default_str();
  app.add_option("--data", arguments.data, "demo, or bench:N:SIZE (e.g. bench:2000:200KiB)")->capture_default_str();
  app.add_option("--token", arguments.token, "The access token to accept")->capture_default_str();
  auto* config = app.add_option("--write-config", arguments.config_file, "Write a ready damsync.toml to this file");
  app.add_option("--state", arguments.state_directory, "Folder for store, catalog and token in that damsync.toml");
  app.footer(
      "Control: GET /_sandbox/books, GET /_sandbox/urls, POST /_sandbox/mutate[?step=...],\n"
      "POST /_sandbox/clock?advance=10d, POST /_sandbox/faults (JSON), POST /_sandbox/switches?NAME=VALUE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (arguments.host != "127.0.0.1" && arguments.host != "localhost") {
    std::fprintf(stderr, "damsync-sandbox: --host must be 127.0.0.1: the sandbox has no protection of its own\n");
    return 2;
  }
  if (config->count() > 0 && arguments.state_directory.empty()) {
    std::fprintf(stderr, "damsync-sandbox: --write-config needs --state DIR\n");
    return 2;
  }
  try {
    return serve(arguments);
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "damsync-sandbox: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "damsync-sandbox: %s\n", error.what());
    return 74;
  }
}
