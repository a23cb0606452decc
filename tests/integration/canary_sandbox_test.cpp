#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/simulators/demo_getty.h"
#include "tests/simulators/sandbox_config.h"
#include "tests/simulators/sandbox_world.h"
#include "tests/support/canary.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// The three accounts of the sandbox, at providers that quote in every refusal what they were sent.
class EchoingSandbox {
 public:
  EchoingSandbox() : server_([this](const SimRequest& request) { return serve(request); }) {
    world.load_demo_data();
    REQUIRE(write_sandbox_config({.file = dir.path() / "damsync.toml",
                                  .state = dir.path(),
                                  .base_url = server_.base_url(),
                                  .token = std::string(kSandboxToken),
                                  .archive_ids = connect_demo_list()})
                .ok());
    for (const auto& entry : fs::directory_iterator(dir.path())) {
      const std::string name = entry.path().filename().string();
      if (name == "damsync.toml" || name == "archive.ids") continue;
      std::ifstream in(entry.path());
      std::string secret;
      std::getline(in, secret);
      canaries_.emplace(name, Canary(name, secret));
    }
    REQUIRE(canaries_.size() == 7);
  }
  ~EchoingSandbox() { server_.stop(); }

  void run(const std::vector<std::string>& words) {
    ProgramCall call{{damsync_binary(), "-c", dir / "damsync.toml"}, {}, {}};
    call.argv.insert(call.argv.end(), words.begin(), words.end());
    const ProgramResult result = run_program(call);
    search(result.out + result.err, words.front());
  }

  void search_files() const {
    for (const auto& entry : fs::recursive_directory_iterator(dir.path())) {
      if (!entry.is_regular_file() || canaries_.contains(entry.path().filename().string())) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      search({std::istreambuf_iterator<char>(in), {}}, entry.path().string());
    }
  }

  TempDir dir;
  SandboxWorld world;

 private:
  SimResponse serve(const SimRequest& request) {
    SimResponse response = world.handle(request);
    if (response.status < 400) return response;
    std::string sent = request.body;
    for (const auto& [name, value] : request.headers) sent += " " + name + ": " + value;
    const Json body = Json::object({{"ErrorCode", "Forbidden"},
                                    {"ErrorMessage", sent},
                                    {"message", sent},
                                    {"error", sent},
                                    {"error_description", sent},
                                    {"status", "error"}});
    response.set_body(write_json(body), "application/json");
    return response;
  }

  void search(const std::string& text, const std::string& where) const {
    for (const auto& [name, canary] : canaries_) {
      const std::string form = canary.found_in(text);
      if (!form.empty()) FAIL_CHECK(name << " stands (" << form << ") in " << where << ": " << text.substr(0, 2000));
    }
  }

  std::map<std::string, Canary> canaries_;
  SimServer server_;
};

}  // namespace

TEST_CASE("S4 canary: none of the sandbox's accounts lets a secret out when its provider quotes what it was sent") {
  EchoingSandbox sandbox;
  auto& getty = sandbox.world.photo_desk.faults();
  auto& archive = sandbox.world.archive.faults();
  const std::vector<std::pair<std::string, FaultAction>> at_getty = {
      {"GET /v3/products", fault::status(403)},  // asked for once a day
      {"GET /v3/downloads", fault::status(403)},
      {"GET /v3/images", fault::status(400)},
      {"POST /oauth2/token", fault::status(401)}};
  for (const auto& [route, action] : at_getty) {
    CAPTURE(route);
    const auto id = getty.once(route, action);
    const auto other = archive.once("*", fault::status(403));
    sandbox.run({"sync", "-v", "--full", "--account", "photo-desk", "--account", "archive"});
    sandbox.run({"auth", "check"});
    CHECK(getty.fired(id) == 1);
    CHECK(archive.fired(other) == 1);
    getty.clear();
    archive.clear();
  }
  archive.always("POST /api/token", fault::status(401));
  sandbox.run({"auth", "check", "--json"});
  sandbox.run({"sync", "-v", "--account", "archive", "--log-format", "json"});
  sandbox.run({"list", "runs", "--json"});
  sandbox.run({"status", "--json"});
  sandbox.search_files();
}

}  // namespace damsync
