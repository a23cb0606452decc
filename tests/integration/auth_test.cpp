#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "storage/base/time.h"
#include "tests/integration/desk.h"
#include "tests/support/eventually.h"

namespace damsync {
namespace {

/// A desk whose application is registered and where nobody has logged in yet.
class AuthDesk : public Desk {
 public:
  AuthDesk() : Desk(1) {
    calls_comparable = false;
    sim.edit([](ShutterstockState& state) { state.login = state.tokens[std::string(kSandboxToken)]; });
    write_file("client-secret", "sandbox-secret\n");
    account["client_id"] = "\"sandbox-client\"";
    account["client_secret"] = "{ file = \"" + (dir / "client-secret") + "\" }";
    secrets.push_back("sandbox-secret");
  }

  void use_refresh_token() {
    account.erase("access_token");
    account["refresh_token"] = "{ file = \"" + (dir / "refresh") + "\" }";
    write_settings();
  }

  /// What the browser ends at after the person agreed on that page.
  std::string agree(const std::string& page) {
    const std::string target = page.substr(page.find("/v2/"));
    const auto answer = visit(target);
    for (const auto& [name, value] : answer.headers)
      if (name == "Location") return value;
    return {};
  }

  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in(dir / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  [[nodiscard]] mode_t mode(const std::string& name) const {
    struct stat info {};
    return ::stat((dir / name).c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }

  /// The page that `auth login` prints.
  static std::string page_in(const std::string& text) {
    const auto at = text.find("http");
    return at == std::string::npos ? std::string() : text.substr(at, text.find_first_of(" \n", at) - at);
  }

  SimResponse visit(const std::string& target) {
    return sim.handle(parse_request_head("GET " + target + " HTTP/1.1\r\nHost: x\r\nUser-Agent: browser").value());
  }
};

/// Standard input that the test writes to while the program runs.
class Typed {
 public:
  explicit Typed(std::string path) : path_(std::move(path)) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);  // both ends, so that nobody waits for the other
  }
  ~Typed() { ::close(fd_); }
  void type(const std::string& text) const { CHECK(::write(fd_, text.data(), text.size()) > 0); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int fd_ = -1;
};

/// What the program has printed, once `part` is in it; empty after a while.
std::string wait_for(const Program& program, const std::string& part) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    const std::string printed = program.output();
    if (holds(printed, part)) return printed;
    std::this_thread::sleep_for(Millis(5));
  }
  return {};
}

}  // namespace

TEST_CASE_FIXTURE(AuthDesk,
                  "auth login: the page is shown, the pasted address brings tokens, and sync works with them") {
  use_refresh_token();
  secrets.clear();  // a refresh token has no name before the provider made it
  const ProgramResult first = damsync({"auth", "login", "newsroom"});
  CHECK(first.exit_code == 2);  // nothing was typed
  const std::string page = page_in(first.out);
  for (const char* part : {"/v2/oauth/authorize?client_id=sandbox-client", "response_type=code", "licenses.view",
                           "purchases.view", "redirect_uri=http%3A%2F%2Flocalhost%2F", "state="})
    CHECK_MESSAGE(holds(page, part), page);
  CHECK_FALSE(std::filesystem::exists(dir / "refresh"));

  const ProgramResult done = damsync({"auth", "login", "newsroom", "--code", agree(page), "--json"});

  INFO(done.out << done.err);
  REQUIRE(done.exit_code == 0);
  const Json told = lines_of(done.out).at(0);
  CHECK(flag(told, "ok"));
  CHECK(text(told, "username") == "anna");
  CHECK(member(told, "missing").if_array()->empty());
  CHECK(text(member(told, "stored").if_array()->front(), "key") == "refresh_token");
  CHECK(content("refresh").starts_with("v2/refresh-"));
  CHECK(mode("refresh") == 0600);
  CHECK_FALSE(holds(done.out + done.err, content("refresh").substr(0, 10)));
  CHECK(damsync({"sync"}).exit_code == 0);
}

TEST_CASE_FIXTURE(AuthDesk, "auth login: an account with an access token only gets one that lasts") {
  write_settings();
  const ProgramResult first = damsync({"auth", "login", "newsroom", "--redirect-uri", "http://127.0.0.1:9/back"});
  const std::string address = agree(page_in(first.out));
  CHECK(address.starts_with("http://127.0.0.1:9/back?code="));
  write_file("token", "", 0640);

  const ProgramResult done = damsync({"auth", "login", "newsroom", "--code", address});

  INFO(done.out << done.err);
  CHECK(done.exit_code == 0);
  CHECK(content("token").starts_with("v2/sandbox-"));
  CHECK(mode("token") == 0600);
  CHECK(holds(done.out, "does not expire"));
  CHECK(damsync({"sync"}).exit_code == 0);
}

TEST_CASE_FIXTURE(AuthDesk, "auth login: a person pastes the address while the program waits") {
  use_refresh_token();
  const Typed typed(dir / "typed");
  ProgramCall waiting = call({"auth", "login", "newsroom"});
  waiting.input_file = typed.path();
  Program program(waiting);
  const std::string page = page_in(wait_for(program, "Paste"));
  REQUIRE(holds(page, "/v2/oauth/authorize"));
  CHECK_FALSE(std::filesystem::exists(dir / "refresh"));

  typed.type(agree(page) + "\n");

  const ProgramResult done = program.wait();
  INFO(done.out << done.err);
  CHECK(done.exit_code == 0);
  CHECK(holds(done.out, "newsroom (shutterstock): credentials accepted"));
  CHECK(holds(done.out, "stored"));
  CHECK(content("refresh").starts_with("v2/refresh-"));
}

TEST_CASE_FIXTURE(AuthDesk, "G1 auth login: SIGINT ends the waiting at once, and nothing was changed") {
  use_refresh_token();
  const Typed typed(dir / "typed");
  ProgramCall waiting = call({"auth", "login", "newsroom"});
  waiting.input_file = typed.path();
  Program program(waiting);
  REQUIRE_FALSE(wait_for(program, "Paste").empty());
  program.signal(SIGINT);
  const ProgramResult done = program.wait();
  CHECK(done.exit_code == 1);
  CHECK(done.took < std::chrono::seconds(20));
  CHECK_FALSE(std::filesystem::exists(dir / "refresh"));
}

TEST_CASE_FIXTURE(AuthDesk, "auth login: the address of another log-in, a used code and a refusal change nothing") {
  use_refresh_token();
  refusals_expected = true;
  write_file("refresh", "v2/old-refresh\n");
  const std::string page = page_in(damsync({"auth", "login", "newsroom"}).out);
  const std::string address = agree(page);
  const std::string forged = address.substr(0, address.find("&state=")) + "&state=0123456789abcdef";
  struct Row {
    std::string code;
    int exit_code;
    std::string says;
  };
  for (const Row& row :
       {Row{forged, 77, "another log-in"}, Row{"http://localhost/?error=access_denied", 77, "access_denied"},
        Row{"code-4711", 77, "refused"}, Row{"two words", 2, "not a code"}}) {
    const ProgramResult result = damsync({"auth", "login", "newsroom", "--code", row.code});
    INFO(row.code << ": " << result.out << result.err);
    CHECK(result.exit_code == row.exit_code);
    CHECK(holds(result.err, row.says));
    CHECK(content("refresh") == "v2/old-refresh\n");
  }
  CHECK(damsync({"auth", "login", "newsroom", "--code", address}).exit_code == 0);
  CHECK(damsync({"auth", "login", "newsroom", "--code", address}).exit_code == 77);
}

TEST_CASE_FIXTURE(AuthDesk, "auth login: settings without a place for the token are told before anybody logs in") {
  account["access_token"] = "{ env = \"NEWSROOM_TOKEN\" }";
  write_settings();
  const ProgramResult no_place = damsync({"auth", "login", "newsroom"});
  CHECK(no_place.exit_code == 78);
  CHECK(holds(no_place.err, "refresh_token"));
  account["access_token"] = "{ file = \"" + (dir / "missing/token") + "\" }";
  write_settings();
  const ProgramResult no_folder = damsync({"auth", "login", "newsroom"});
  CHECK(no_folder.exit_code == 78);
  CHECK(holds(no_folder.err, "missing"));
  CHECK(requests().empty());
  CHECK(damsync({"auth", "login"}).exit_code == 2);
  CHECK(damsync({"auth", "login", "nobody"}).exit_code == 2);
  CHECK(damsync({"auth", "check", "--code", "x"}).exit_code == 2);
}

TEST_CASE_FIXTURE(AuthDesk, "auth check: scopes, user and expiry are shown, a missing scope is named and ends in 77") {
  account["collections"] = "true";
  write_settings();
  const ProgramResult fine = damsync({"auth", "check", "newsroom", "--json"});
  INFO(fine.out << fine.err);
  CHECK(fine.exit_code == 0);
  const Json told = lines_of(fine.out).at(0);
  CHECK(flag(told, "ok"));
  CHECK(member(told, "scopes").if_array()->size() == 4);
  CHECK(member(told, "expires_at").is_null());

  const UtcTime tomorrow = sim.now() + std::chrono::hours(24);
  sim.edit([&](ShutterstockState& state) {
    state.tokens[std::string(kSandboxToken)] = {"anna", {"licenses.view", "user.view"}, tomorrow};
  });
  const ProgramResult narrow = damsync({"auth", "check", "--json"});
  CHECK(narrow.exit_code == 77);
  const Json less = lines_of(narrow.out).at(0);
  CHECK_FALSE(flag(less, "ok"));
  std::vector<std::string> missing;
  for (const Json& scope : *member(less, "missing").if_array()) missing.push_back(text(scope, "scope"));
  CHECK(missing == std::vector<std::string>{"purchases.view", "collections.view"});
  const auto expires = parse_rfc3339(text(less, "expires_at"));
  REQUIRE(expires.ok());
  CHECK(std::chrono::abs(*expires - tomorrow) < std::chrono::minutes(1));
  const ProgramResult shown = damsync({"auth", "check"});
  CHECK(holds(shown.out, "missing     purchases.view"));
  CHECK(holds(shown.out, "log in again in time"));
}

TEST_CASE_FIXTURE(AuthDesk,
                  "auth check: refused credentials end in 77, a secret that is not there in 78, each by name") {
  refusals_expected = true;
  write_settings();
  sim.edit([](ShutterstockState& state) { state.tokens.clear(); });
  const ProgramResult refused = damsync({"auth", "check"});
  CHECK(refused.exit_code == 77);
  CHECK(holds(refused.out, "newsroom (shutterstock): "));
  CHECK(holds(refused.out, "Invalid access token"));
  std::filesystem::remove(dir / "token");
  const ProgramResult missing = damsync({"auth", "check"});
  CHECK(missing.exit_code == 78);
  CHECK(holds(missing.out, "access_token"));
}

TEST_CASE_FIXTURE(AuthDesk, "T35 auth: a token that another process replaced meanwhile does not stop a running cycle") {
  account["refresh_token"] = "{ file = \"" + (dir / "refresh") + "\" }";
  write_settings();
  secrets.clear();
  refusals_expected = true;
  write_file("refresh", "v2/first-refresh\n");
  sim.edit([](ShutterstockState& state) { state.refresh_tokens["v2/first-refresh"] = state.login; });
  auto gate = std::make_shared<SimGate>();
  sim.faults().once("GET /v2/images/licenses", fault::hold(gate));
  Program cycle(call({"sync"}));  // has read the first refresh token
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));

  sim.edit([](ShutterstockState& state) { state.tokens.clear(); });
  CHECK(damsync({"auth", "check"}).exit_code == 0);  // uses it up, and puts the next one in its place
  CHECK(content("refresh").starts_with("v2/refresh-"));
  sim.edit([](ShutterstockState& state) { state.tokens.clear(); });
  gate->release();

  const ProgramResult done = cycle.wait();
  INFO(done.out << done.err);
  CHECK(done.exit_code == 0);
}

TEST_CASE("G1 auth: Ctrl-C ends a program that is to tell a secret, and what was asked for with it") {
  for (const Words& words : {Words{"auth", "check"}, Words{"auth", "login", "newsroom"}}) {
    CAPTURE(words[1]);
    AuthDesk desk;
    desk.account["client_secret"] =
        "{ command = [\"sh\", \"-c\", \"echo > '" + (desk.dir / "begun") + "'; exec sleep 60\"] }";
    desk.write_settings();
    const auto program = desk.start(words);
    REQUIRE(eventually([&] { return std::filesystem::exists(desk.dir.path() / "begun"); }));
    program->signal(SIGINT);
    const ProgramResult result = program->wait();
    CHECK(result.exit_code == 1);
    CHECK_MESSAGE(holds(result.out + result.err, "the program sh was stopped"), result.out << result.err);
  }
}

}  // namespace damsync
