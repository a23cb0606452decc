#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/simulators/sandbox_control.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/simulators/sim_client.h"

namespace damsync {
namespace {

/// The program, started with its output in a pipe.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    arguments.insert(arguments.begin(), sandbox_binary());
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
      ::execv(argv.front(), argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
  }
  ~Program() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    wait();
    ::close(output_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::string read_line() {
    std::string line;
    char byte = 0;
    while (::read(output_, &byte, 1) == 1 && byte != '\n') line += byte;
    return line;
  }
  void signal(int number) { ::kill(pid_, number); }
  int wait() {
    if (pid_ <= 0) return status_;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  int status_ = -1;
};

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A sandbox in this process.
struct Sandbox {
  SandboxWorld world;
  ShutterstockSim& sim = world.newsroom;
  SandboxControl control{world};
  Sandbox() { world.load_demo_data(); }
  SimResponse call(const std::string& method, const std::string& target, std::string body = "") {
    SimRequest request = sim_request(method, target);
    request.body = std::move(body);
    return control.handle(request).value();
  }
};

}  // namespace

TEST_CASE("damsync-sandbox: writes settings and a private token file, serves, and ends at SIGTERM with 0") {
  const TempDir directory;
  Program program({"--port", "0", "--write-config", directory / "damsync.toml", "--state", directory / "state"});
  const std::string line = program.read_line();
  REQUIRE(line.starts_with("damsync-sandbox listening on http://127.0.0.1:"));
  const std::string base = line.substr(line.find("http"));

  WireClient client(base);
  client.get("/v2/images/licenses");
  CHECK(client.read_one().starts_with("HTTP/1.1 200 OK"));
  CHECK(read_file(directory / "damsync.toml").find("base_url            = \"" + base + "\"") != std::string::npos);
  struct stat info {};
  REQUIRE(::stat((directory / "state/newsroom.token").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(read_file(directory / "state/newsroom.token") == std::string(kSandboxToken) + "\n");
  program.signal(SIGTERM);
  CHECK(program.wait() == 0);
}

TEST_CASE("damsync-sandbox: a wrong command line ends with 2 and binds nothing") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--host", "0.0.0.0"},
                                                    {"--data", "other"},
                                                    {"--data", "bench:10:100"},
                                                    {"--data", "bench:many:1MiB"},
                                                    {"--write-config", "x.toml"},
                                                    {"--nonsense"}}) {
    CAPTURE(arguments.back());
    Program program(arguments);
    CHECK(program.read_line().find("listening") == std::string::npos);
    CHECK(program.wait() == 2);
  }
}

TEST_CASE("damsync-sandbox: tells its version") {
  Program program({"--version"});
  CHECK(program.read_line().starts_with("damsync-sandbox "));
  CHECK(program.wait() == 0);
}

TEST_CASE_FIXTURE(Sandbox, "sandbox control: moves the clock") {
  const UtcTime before = sim.now();
  CHECK(call("POST", "/_sandbox/clock?advance=10d").status == 200);
  CHECK(sim.now() - before >= std::chrono::hours(240));
  CHECK(call("POST", "/_sandbox/clock?advance=10").status == 400);
  CHECK(call("POST", "/_sandbox/clock").status == 400);
  CHECK(parse_advance("-90s") == std::chrono::seconds(-90));
}

TEST_CASE_FIXTURE(Sandbox, "sandbox control: changes the catalogue step by step or all at once") {
  const Json all = body_json(call("POST", "/_sandbox/mutate"));
  CHECK(all.find("done")->if_array()->size() == 4);
  const Json one = body_json(call("POST", "/_sandbox/mutate?step=vanish"));
  CHECK(one.find("done")->if_array()->size() == 1);
  CHECK(call("POST", "/_sandbox/mutate?step=burn").status == 400);
}

TEST_CASE_FIXTURE(Sandbox,
                  "sandbox control: a step changes the worlds of all three accounts, and one clock serves them") {
  const Json all = body_json(call("POST", "/_sandbox/mutate"));
  const Json& downloaded = all.find("photo-desk")->if_array()->front();
  const std::string id = *downloaded.find("images")->if_array()->front().if_string();
  CHECK(world.photo_desk.edit([&](GettyState& state) {
    return std::count_if(state.downloads.begin(), state.downloads.end(), [&](const auto& row) { return row.id == id; });
  }) == 2);
  CHECK_FALSE(world.photo_desk.edit([](GettyState& state) { return state.channels.at(0).queue.empty(); }));
  const Json& edited = all.find("archive")->if_array()->at(1);
  CHECK(edited.find("images")->if_array()->size() == 1);

  call("POST", "/_sandbox/clock?advance=10d");
  CHECK(world.archive.now() - world.newsroom.now() < std::chrono::minutes(1));
  CHECK(world.newsroom.now() - world.photo_desk.now() < std::chrono::minutes(1));
}

TEST_CASE_FIXTURE(Sandbox, "sandbox control: faults and books belong to the provider whose path it is") {
  call("POST", "/_sandbox/faults",
       R"([{"route":"GET /v3/*","action":"throttled"},{"route":"POST /api/token","action":"throttled"}])");
  CHECK(world.handle(sim_request("GET", "/v3/downloads")).status == 429);
  CHECK(world.handle(sim_request("POST", "/api/token")).status == 429);
  CHECK(world.handle(sim_request("GET", "/v2/user")).status == 200);
  const Json books = body_json(call("GET", "/_sandbox/books"));
  CHECK(books.find("photo-desk")->find("calls")->find("GET /v3/downloads")->as_int64() == 1);
  CHECK(books.find("archive")->find("calls")->find("POST /api/token")->as_int64() == 1);
  CHECK(books.find("photo-desk")->find("executions")->if_object()->empty());
  const Json cleared = body_json(call("DELETE", "/_sandbox/books"));
  CHECK(cleared.find("photo-desk")->find("calls")->if_object()->empty());
  CHECK(cleared.find("archive")->find("calls")->if_object()->empty());
}

TEST_CASE_FIXTURE(Sandbox, "sandbox control: takes faults and shows which have not struck") {
  const auto armed = call("POST", "/_sandbox/faults", R"([{"route":"GET /v2/user","action":"throttled"}])");
  CHECK(armed.body.find("throttled at GET /v2/user") != std::string::npos);
  CHECK(sim_get(sim, "/v2/user").status == 429);
  CHECK(call("GET", "/_sandbox/faults").body.find("throttled") == std::string::npos);
  CHECK(call("POST", "/_sandbox/faults", R"({"action":"explode"})").status == 400);
  CHECK(call("POST", "/_sandbox/faults", "rubbish").status == 400);
}

TEST_CASE_FIXTURE(Sandbox, "sandbox control: sets switches, all of a request or none") {
  CHECK(call("POST", "/_sandbox/switches?total_count=false&max_ids=5").status == 200);
  CHECK(call("POST", "/_sandbox/switches?total_count=true&max_ids=x").status == 400);
  const auto switches = sim.edit([](ShutterstockState& state) { return state.switches; });
  CHECK_FALSE(switches.total_count);
  CHECK(switches.max_ids == 5);
}

TEST_CASE_FIXTURE(Sandbox, "sandbox control: sets the switches of every account") {
  CHECK(call("POST", "/_sandbox/switches?photo-desk.history_lag_s=600&photo-desk.envelope=empty").status == 200);
  CHECK(call("POST", "/_sandbox/switches?archive.algorithm=sha256&archive.token_lifetime_min=5").status == 200);
  CHECK(call("POST", "/_sandbox/switches?photo-desk.history_lag_s=7&archive.algorithm=sha1").status == 400);
  const auto photo_desk = world.photo_desk.edit([](GettyState& state) { return state.switches; });
  CHECK(photo_desk.history_lag == std::chrono::minutes(10));
  CHECK(photo_desk.envelope == GettySwitches::Envelope::kEmpty);
  const auto archive = world.archive.edit([](ConnectState& state) { return state.switches; });
  CHECK(archive.algorithm == ConnectSwitches::Algorithm::kSha256);
  CHECK(archive.token_lifetime == std::chrono::minutes(5));
}

TEST_CASE_FIXTURE(Sandbox, "sandbox control: lists one working link a license that can be downloaded") {
  const std::string text = call("GET", "/_sandbox/urls").body;
  CHECK(std::count(text.begin(), text.end(), '\n') == 297);
  CHECK(sim_get(sim, target_of(text.substr(0, text.find('\n')))).status == 200);
}

TEST_CASE_FIXTURE(Sandbox, "sandbox control: shows the books and leaves other paths to the provider") {
  sim_get(sim, "/v2/images/categories");
  const Json books = body_json(call("GET", "/_sandbox/books"));
  CHECK(books.find("calls")->find("GET /v2/images/categories")->as_int64() == 1);
  CHECK(books.find("purchases")->as_int64() == 0);
  CHECK(call("GET", "/_sandbox/nothing").status == 404);
  CHECK_FALSE(control.handle(sim_request("GET", "/v2/images")).has_value());
}

}  // namespace damsync
