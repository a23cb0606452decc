#include "daemon/config/secret_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

std::string contents(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("T35 secret file: a new refresh token takes the old one's place, for its owner alone") {
  const TempDir dir;
  std::ofstream(dir / "token") << "old\n";
  std::ofstream(dir / "token.new") << "left by a crash";
  REQUIRE(replace_secret_file(dir / "token", Secret("new")).ok());
  CHECK(contents(dir / "token") == "new\n");
  struct stat info {};
  REQUIRE(::stat((dir / "token").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK_FALSE(std::filesystem::exists(dir / "token.new"));
}

TEST_CASE("T35 secret file: one of root's that the daemon's group could read stays so") {
  if (::geteuid() != 0) return;
  const TempDir dir;
  std::ofstream(dir / "token") << "old\n";
  REQUIRE(::chown((dir / "token").c_str(), 0, 65534) == 0);
  ::chmod((dir / "token").c_str(), 0640);
  REQUIRE(store_secret_file(dir / "token", Secret("new")).ok());
  struct stat info {};
  REQUIRE(::stat((dir / "token").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0640);
}

TEST_CASE("T35 secret file: behind a link the target is replaced and the link stays") {
  const TempDir dir;
  std::ofstream(dir / "target") << "old\n";
  std::filesystem::create_symlink("target", dir / "link");
  REQUIRE(replace_secret_file(dir / "link", Secret("new")).ok());
  CHECK(std::filesystem::is_symlink(dir / "link"));
  CHECK(contents(dir / "target") == "new\n");
}

TEST_CASE("secret file: the first secret makes the file, for its owner alone") {
  const TempDir dir;
  REQUIRE(check_secret_place(dir / "token").ok());
  REQUIRE(store_secret_file(dir / "token", Secret("first")).ok());
  REQUIRE(store_secret_file(dir / "token", Secret("second")).ok());
  CHECK(contents(dir / "token") == "second\n");
  struct stat info {};
  REQUIRE(::stat((dir / "token").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
}

TEST_CASE("secret file: what root writes belongs to the owner of the old file, or of the folder") {
  if (::geteuid() != 0) return;
  const TempDir dir;
  std::ofstream(dir / "old") << "old\n";
  REQUIRE(::chown((dir / "old").c_str(), 1234, 1235) == 0);
  REQUIRE(::chown(dir.path().c_str(), 4321, 4322) == 0);
  REQUIRE(store_secret_file(dir / "old", Secret("x")).ok());
  REQUIRE(store_secret_file(dir / "new", Secret("x")).ok());
  struct stat old_file {
  }, new_file{};
  REQUIRE(::stat((dir / "old").c_str(), &old_file) == 0);
  REQUIRE(::stat((dir / "new").c_str(), &new_file) == 0);
  CHECK(old_file.st_uid == 1234);
  CHECK(old_file.st_gid == 1235);
  CHECK(new_file.st_uid == 4321);
  CHECK(new_file.st_gid == 4322);
}

TEST_CASE("secret file: a place that cannot be written to is known before a secret is made for it") {
  const TempDir dir;
  std::filesystem::create_directory(dir / "folder");
  const auto missing = check_secret_place(dir / "nowhere/token");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == ErrorCode::kSettings);
  CHECK(missing.error().message.find("nowhere") != std::string::npos);
  CHECK_FALSE(check_secret_place(dir / "folder").ok());
}

TEST_CASE("T35 secret file: what cannot be replaced is said, and the old one stays") {
  const TempDir dir;
  const auto missing = replace_secret_file(dir / "missing", Secret("new"));
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message.find("missing") != std::string::npos);
  CHECK(missing.error().message.find("new") == std::string::npos);

  std::ofstream(dir / "token") << "old\n";
  std::filesystem::create_directory(dir / "token.new");  // in the way of the new file
  CHECK_FALSE(replace_secret_file(dir / "token", Secret("fresh")).ok());
  CHECK(contents(dir / "token") == "old\n");
}

}  // namespace damsync
