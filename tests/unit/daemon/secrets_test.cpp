#include "daemon/config/secrets.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Bench {
  TempDir dir;
  Redactor redactor;
  SecretSource source{redactor, {}, Millis(2000)};

  std::string file(const std::string& content, mode_t mode = 0600, const std::string& name = "token") {
    const std::string path = dir / name;
    std::ofstream(path, std::ios::binary) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  Result<Secret> from_file(const std::string& path) {
    return source.resolve({SecretRef::Kind::kFile, {}, path, {}}, "account a: access_token");
  }
  Result<Secret> from_command(std::vector<std::string> command) {
    return source.resolve({SecretRef::Kind::kCommand, {}, {}, std::move(command)}, "account a: access_token");
  }
};

}  // namespace

TEST_CASE_FIXTURE(Bench, "S1 secrets: a file for its owner or its group is read, its newline trimmed") {
  for (const mode_t mode : {0600, 0400, 0440, 0640})
    CHECK(from_file(file("tok-123\n", mode)).value().reveal() == "tok-123");
  CHECK(from_file(file("tok-123")).value().reveal() == "tok-123");
  CHECK(from_file(file("tok-123\r\n")).value().reveal() == "tok-123");
}

TEST_CASE_FIXTURE(Bench, "S1 secrets: an unsuitable file is refused by its path, never by its content") {
  const std::string fifo = dir / "fifo", link = dir / "link";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const std::string open = file("CANARY-1", 0644, "open");
  std::filesystem::create_symlink(open, link);
  struct Row {
    std::string path;
    std::string expected;
  };
  const std::vector<Row> rows = {
      {open, "is open to others (mode 0644)"},
      {file("CANARY-1", 0604, "r"), "is open to others"},
      {file("CANARY-1", 0602, "w"), "is open to others"},
      {link, "is open to others"},
      {fifo, "is not a regular file"},
      {dir.path().string(), "is not a regular file"},
      {file("", 0600, "empty"), "is empty"},
      {file("\n", 0600, "newline"), "is empty"},
      {file(std::string(1 << 20, 'C'), 0600, "big"), "is larger than 64 KiB"},
      {file("CANARY-1\nCANARY-2\n", 0600, "lines"), "holds more than one line"},
      {dir / "absent", "No such file"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const auto secret = from_file(row.path);
    REQUIRE(!secret);
    CAPTURE(secret.error().message);
    CHECK(secret.error().code == ErrorCode::kSettings);
    CHECK(holds(secret.error().message, "account a: access_token: "));
    CHECK(holds(secret.error().message, row.path));
    CHECK(holds(secret.error().message, row.expected));
    CHECK(!holds(secret.error().message, "CANARY"));
  }
}

TEST_CASE_FIXTURE(Bench, "S1 secrets: a link is followed and its target judged") {
  std::filesystem::create_symlink(file("tok-123"), dir / "link");
  CHECK(from_file(dir / "link").value().reveal() == "tok-123");
}

TEST_CASE_FIXTURE(Bench, "S3 secrets: blanks, percent signs, quotes and other scripts are kept exactly and redacted") {
  for (const std::string text : {"a b%20c", "quo\"te'd",
                                 "gr\xc3\xbc\xc3\x9f"
                                 "e-123",
                                 " padded ", "tab\there"}) {
    CAPTURE(text);
    CHECK(from_file(file(text + "\n")).value().reveal() == text);
    CHECK(redactor.redact("before " + text + " after") == "before *** after");
  }
}

TEST_CASE_FIXTURE(Bench, "S3 secrets: a key of several lines is kept exactly, and none of its lines can be printed") {
  const std::string key =
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAB\r\nCANARY/+22==\n-----END PRIVATE KEY-----\n";
  const auto text = [&](const std::string& path) {
    return source.resolve_text({SecretRef::Kind::kFile, {}, path, {}}, "audit: signing_key");
  };
  CHECK(text(file(key)).value().reveal() == key);
  CHECK(redactor.redact("line CANARY/+22== of it") == "line *** of it");
  CHECK(redactor.redact("MC4CAQAwBQYDK2VwBCIEIAAB") == "***");
  CHECK(redactor.redact("-----END PRIVATE KEY-----") == "-----END PRIVATE KEY-----");
  CHECK(redactor.redact(key) == "***");

  CHECK(holds(text(file("\r\n\n")).error().message, "audit: signing_key"));
  CHECK(holds(text(file("\r\n\n")).error().message, "is empty"));
  CHECK(holds(text(file(std::string("k\0y", 3))).error().message, "is not text"));
  CHECK(holds(text(file(key, 0644)).error().message, "is open to others"));
  CHECK(source.resolve_text({}, "audit: signing_key").value().empty());
}

TEST_CASE_FIXTURE(Bench, "secrets: a credential comes from the folder that the service manager names") {
  const SecretRef ref{SecretRef::Kind::kCredential, {}, "token", {}};
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(holds(source.resolve(ref, "k").error().message, "there is no $CREDENTIALS_DIRECTORY"));
  file("tok-9\n", 0400);
  ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1);
  CHECK(source.resolve(ref, "k").value().reveal() == "tok-9");
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE_FIXTURE(Bench, "secrets: an environment variable must be set and not empty") {
  const SecretRef ref{SecretRef::Kind::kEnv, {}, "DAMSYNC_TEST_SECRET", {}};
  ::unsetenv("DAMSYNC_TEST_SECRET");
  CHECK(holds(source.resolve(ref, "k").error().message, "DAMSYNC_TEST_SECRET is not set"));
  ::setenv("DAMSYNC_TEST_SECRET", "", 1);
  CHECK(holds(source.resolve(ref, "k").error().message, "DAMSYNC_TEST_SECRET is empty"));
  ::setenv("DAMSYNC_TEST_SECRET", "tok-7", 1);
  CHECK(source.resolve(ref, "k").value().reveal() == "tok-7");
  ::unsetenv("DAMSYNC_TEST_SECRET");
}

TEST_CASE_FIXTURE(Bench, "secrets: a program's output is taken without a shell") {
  CHECK(from_command({"printf", "%s\\n", "$HOME;*"}).value().reveal() == "$HOME;*");
  CHECK(holds(from_command({"false"}).error().message, "the program false failed with exit code 1"));
  CHECK(holds(from_command({"/nonexistent/program"}).error().message, "cannot be started"));
  CHECK(holds(from_command({"true"}).error().message, "the output of true is empty"));
  CHECK(holds(from_command({"sh", "-c", "kill -9 $$"}).error().message, "was ended by signal 9"));
  CHECK(holds(from_command({"head", "-c", "70000", "/dev/zero"}).error().message, "wrote more than a secret can be"));
}

TEST_CASE_FIXTURE(Bench, "secrets: a program that hangs is killed with all it started") {
  SecretSource hasty(redactor, {}, Millis(100));
  const auto begun = std::chrono::steady_clock::now();
  for (const std::vector<std::string>& command : {std::vector<std::string>{"sleep", "20"},
                                                  {"sh", "-c", "sleep 20 & sleep 20"},
                                                  {"sh", "-c", "exec >&-; sleep 20"}}) {
    const auto secret = hasty.resolve({SecretRef::Kind::kCommand, {}, {}, command}, "k");
    CHECK(holds(secret.error().message, "did not finish within 0.1 s"));
  }
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
}

TEST_CASE_FIXTURE(Bench, "secrets: a stop ends a program that hangs, and none is begun after it") {
  std::stop_source stop;
  SecretSource patient(redactor, stop.get_token(), std::chrono::minutes(1));
  const auto begun = std::chrono::steady_clock::now();
  const std::jthread asks([&] {
    while (!std::filesystem::exists(dir / "begun")) std::this_thread::yield();
    stop.request_stop();
  });
  const auto secret = patient.resolve(
      {SecretRef::Kind::kCommand, {}, {}, {"sh", "-c", "echo > " + (dir / "begun") + "; sleep 60"}}, "k");
  REQUIRE(!secret);
  CHECK(secret.error().code == ErrorCode::kCancelled);
  CHECK(!patient.resolve({SecretRef::Kind::kCommand, {}, {}, {"sleep", "60"}}, "k"));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(20));
}

TEST_CASE_FIXTURE(Bench, "S1 secrets: all files of secrets are looked at together, those that are not there left out") {
  Settings settings;
  settings.accounts.emplace_back();
  settings.accounts.back().provider.account = "newsroom";
  settings.accounts.back().access_token = {SecretRef::Kind::kFile, {}, file("x", 0644, "open"), {}};
  settings.accounts.back().client_secret = {SecretRef::Kind::kFile, {}, dir / "absent", {}};
  settings.accounts.back().password = {SecretRef::Kind::kFile, {}, file("x", 0640, "fine"), {}};
  settings.webhooks.emplace_back();
  settings.webhooks.back().name = "cms";
  file("x", 0604, "cms-hook");
  settings.webhooks.back().previous_secret = {SecretRef::Kind::kCredential, {}, "cms-hook", {}};
  settings.audit.signing_key = {SecretRef::Kind::kFile, {}, std::string(dir.path()), {}};
  ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1);
  const auto looked = check_secret_files(settings);
  ::unsetenv("CREDENTIALS_DIRECTORY");
  REQUIRE(!looked);
  const std::string& message = looked.error().message;
  CAPTURE(message);
  CHECK(looked.error().code == ErrorCode::kSettings);
  CHECK(holds(message, "account newsroom: access_token: "));
  CHECK(holds(message, "webhook cms: previous_secret: "));
  CHECK(holds(message, "audit.signing_key: "));
  CHECK_FALSE(holds(message, "absent"));
  CHECK_FALSE(holds(message, "fine"));
}

TEST_CASE_FIXTURE(Bench, "S1 secrets: a file of another user is refused, but for root's, and by anybody but root") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can give files away");
    return;
  }
  const std::string others = file("tok", 0640, "others"), roots = file("tok", 0640, "roots");
  REQUIRE(::chown(others.c_str(), 65533, 0) == 0);
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  CHECK(from_file(others));
  ::syscall(SYS_setresuid, -1, 65534, -1);  // this thread alone
  const auto of_others = from_file(others), of_root = from_file(roots);
  ::syscall(SYS_setresuid, -1, 0, -1);
  CHECK(of_root);
  REQUIRE(!of_others);
  CHECK(holds(of_others.error().message, "belongs to another user (uid 65533)"));
}

TEST_CASE_FIXTURE(Bench, "secrets: what a hanging program started is gone, too") {
  const std::string fifo = dir / "fifo";  // its end of file tells that everybody who writes to it is gone
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const int reads = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK), writes = ::open(fifo.c_str(), O_WRONLY);
  SecretSource hasty(redactor, {}, Millis(300));
  CHECK(!hasty.resolve({SecretRef::Kind::kCommand, {}, {}, {"sh", "-c", "exec 9>" + fifo + "; sleep 20 & sleep 20"}},
                       "k"));
  ::close(writes);
  pollfd ready{reads, POLLIN, 0};
  CHECK(::poll(&ready, 1, 5000) == 1);
  ::close(reads);
}

TEST_CASE_FIXTURE(Bench, "I10 secrets: a program that fails and complains with the secret tells it to nobody") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const int ours = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  const auto secret = from_command({"sh", "-c", "echo CANARY-1 is wrong >&2; exit 3"});
  ::dup2(ours, STDERR_FILENO);
  ::close(ours);
  ::close(ends[1]);
  char byte = 0;
  CHECK(::read(ends[0], &byte, 1) == 0);
  ::close(ends[0]);
  REQUIRE(!secret);
  CHECK(holds(secret.error().message, "failed with exit code 3"));
  CHECK(!holds(secret.error().message, "CANARY"));
}

TEST_CASE_FIXTURE(Bench, "secrets: what this process ignores ends a program as always") {
  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  const auto secret = from_command({"sh", "-c", "kill -XFSZ $$; echo alive"});
  ::signal(SIGXFSZ, before);
  REQUIRE(!secret);
  CHECK(holds(secret.error().message, "was ended by signal 25"));
}

TEST_CASE_FIXTURE(Bench, "secrets: a program is not waited for longer because of what it leaves behind") {
  CHECK(from_command({"sh", "-c", "sleep 20 & echo tok-1"}).value().reveal() == "tok-1");
}

TEST_CASE_FIXTURE(Bench, "I10 secrets: a program has our environment but for the variables that hold other secrets") {
  Settings settings;
  settings.accounts.emplace_back();
  auto& account = settings.accounts.back();
  account.api_key = {SecretRef::Kind::kEnv, {}, "DAMSYNC_TEST_SECRET", {}};
  const std::vector<std::string> command = {"sh", "-c", "echo $DAMSYNC_TEST_HOME,$DAMSYNC_TEST_SECRET"};
  account.password = {SecretRef::Kind::kCommand, {}, {}, command};
  settings.webhooks.emplace_back();
  settings.webhooks.back().secret = {SecretRef::Kind::kCommand, {}, {}, command};
  settings.audit.signing_key = {SecretRef::Kind::kCommand, {}, {}, command};
  withhold_variables(settings);
  ::setenv("DAMSYNC_TEST_SECRET", "CANARY-2", 1);
  ::setenv("DAMSYNC_TEST_HOME", "/home", 1);
  for (const SecretRef* ref : {&account.password, &settings.webhooks.back().secret, &settings.audit.signing_key})
    CHECK(source.resolve(*ref, "k").value().reveal() == "/home,");
  ::unsetenv("DAMSYNC_TEST_SECRET");
  ::unsetenv("DAMSYNC_TEST_HOME");
}

TEST_CASE_FIXTURE(Bench, "secrets: an account gets all of its secrets, each known to the redactor") {
  AccountSettings account;
  account.provider.account = "newsroom";
  account.access_token = {SecretRef::Kind::kFile, {}, file("access-1"), {}};
  account.client_secret = {SecretRef::Kind::kPlain, Secret("client-1"), {}, {}};
  const auto resolved = resolve_account(account, source);
  REQUIRE(resolved);
  CHECK(resolved->access_token.reveal() == "access-1");
  CHECK(resolved->client_secret.reveal() == "client-1");
  CHECK(resolved->refresh_token.empty());
  CHECK(redactor.redact("access-1 client-1") == "*** ***");

  AccountSettings archive;
  archive.application_key = {SecretRef::Kind::kPlain, Secret("app-key"), {}, {}};
  archive.application_secret = {SecretRef::Kind::kPlain, Secret("app-secret"), {}, {}};
  archive.user_password = {SecretRef::Kind::kPlain, Secret("user-pass"), {}, {}};
  const auto connected = resolve_account(archive, source);
  REQUIRE(connected);
  CHECK(connected->application_key.reveal() == "app-key");
  CHECK(connected->application_secret.reveal() == "app-secret");
  CHECK(connected->user_password.reveal() == "user-pass");

  account.client_secret = {SecretRef::Kind::kFile, {}, dir / "absent", {}};
  CHECK(holds(resolve_account(account, source).error().message, "account newsroom: client_secret: cannot open"));
}

}  // namespace damsync
