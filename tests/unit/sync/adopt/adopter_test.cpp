#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>

#include "tests/support/adopt_bench.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

struct Bench : TempDir, AdoptBench {
  Bench() : AdoptBench(path()) {
    hold("newsroom", "118139110", "e1");
    describe("newsroom", "118139110", {{"huge", "jpg", 600, 400}, {"small", "jpg", 60, 40}});
  }
};

constexpr const char* kName = "shutterstock_118139110.jpg";
constexpr const char* kPlace = "newsroom/10/118139110/shutterstock_118139110-huge.jpg";
const std::string kPicture = tiny_jpeg(600, 400, "118139110");

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

struct stat stat_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info;
}

}  // namespace

TEST_CASE_FIXTURE(Bench, "adopt: a licensed file is in the store, the catalog, the feed and its sidecars afterwards") {
  offer(std::string("2019/boats/") + kName, kPicture);
  const auto summary = adopted();
  CHECK(summary.adopted == 1);
  CHECK(summary.complete());
  const auto row = file("newsroom", "e1");
  CHECK(row.state == FileState::kMirrored);
  CHECK(row.path == kPlace);
  CHECK(row.sha256 == sha256_hex(kPicture));
  CHECK(row.bytes == static_cast<std::int64_t>(kPicture.size()));
  const auto files = everything();
  CHECK(files.at(std::string("store/") + kPlace) == kPicture);
  CHECK(files.contains(std::string("store/") + kPlace + ".xmp"));
  CHECK(files.at("store/newsroom/10/118139110/asset.json").find(sha256_hex(kPicture)) != std::string::npos);
  CHECK(files.contains(std::string("incoming/2019/boats/") + kName));
  CHECK((stat_of(stored(kPlace)).st_mode & 07777) == 0640);
  CHECK(contains(events(), "asset.stored 118139110 e1"));
  REQUIRE(told.size() == 1);
  CHECK(told[0].account == "newsroom");
  CHECK(told[0].provider == "shutterstock");
  CHECK(told[0].license_id == "e1");
  CHECK(told[0].store_path == kPlace);
  CHECK(catalog().due_files("newsroom", std::nullopt, {}, 10).empty());
}

TEST_CASE_FIXTURE(Bench, "adopt: a second run finds the file there and changes nothing") {
  offer(kName, kPicture);
  adopted();
  const auto before = everything();
  const auto heard = events().size();
  const auto again = adopted();
  CHECK(again.adopted == 0);
  CHECK(again.already == 1);
  CHECK(again.complete());
  CHECK(result(kName) == "already");
  CHECK(everything() == before);
  CHECK(events().size() == heard);
}

TEST_CASE_FIXTURE(Bench, "adopt: a dry run tells the same and changes nothing") {
  offer(kName, kPicture);
  offer("shutterstock_7.jpg", kPicture);
  const auto before = everything();
  for (const auto mode : {AdoptMode::kCopy, AdoptMode::kMove, AdoptMode::kLink}) {
    const auto summary = adopt({.paths = {}, .account = {}, .mode = mode, .dry_run = true});
    REQUIRE(summary.ok());
    CHECK(summary->adopted == 1);
    CHECK(summary->unmatched == 1);
    CHECK(result(kName) == "adopted");
    CHECK(told[0].store_path + told[1].store_path == kPlace);
    CHECK(everything() == before);
    CHECK(events().empty());
    CHECK(file("newsroom", "e1").state == FileState::kPending);
  }
}

TEST_CASE("adopt: a moved file is gone where it was, a copied or linked one is not") {
  for (const auto mode : {AdoptMode::kMove, AdoptMode::kCopy, AdoptMode::kLink}) {
    CAPTURE(static_cast<int>(mode));
    Bench other;
    const auto path = other.offer(kName, kPicture);
    CHECK(other.adopted(mode).adopted == 1);
    CHECK(fs::exists(path) == (mode != AdoptMode::kMove));
    CHECK(other.everything().at(std::string("store/") + kPlace) == kPicture);
  }
}

TEST_CASE_FIXTURE(Bench, "adopt: a link keeps inode, mode and owner of the file") {
  const auto path = offer(kName, kPicture);
  fs::permissions(path, fs::perms(0604));
  const auto before = stat_of(path);
  CHECK(adopted(AdoptMode::kLink).adopted == 1);
  const auto after = stat_of(stored(kPlace));
  CHECK(after.st_ino == before.st_ino);
  CHECK(after.st_mode == before.st_mode);
  CHECK(after.st_uid == before.st_uid);
  CHECK(after.st_gid == before.st_gid);
  CHECK(after.st_nlink == 2);
  CHECK(file("newsroom", "e1").sha256 == sha256_hex(kPicture));
  CHECK(adopted(AdoptMode::kLink).already == 1);
}

TEST_CASE_FIXTURE(Bench, "adopt: another file system is no obstacle to a move, and a reason to refuse a link") {
  const std::string shm = "/dev/shm";
  if (!fs::is_directory(shm) || stat_of(shm).st_dev == stat_of(path()).st_dev) return;
  std::string folder = shm + "/damsync-adopt-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::string file_there = folder + "/" + kName;
  std::ofstream(file_there, std::ios::binary) << kPicture;
  const auto linked = adopt({.paths = {folder}, .account = {}, .mode = AdoptMode::kLink, .dry_run = false});
  REQUIRE(linked.ok());
  CHECK(linked->refused == 1);
  CHECK(reason(kName).find("another file system") != std::string::npos);
  CHECK(fs::exists(file_there));
  const auto moved = adopt({.paths = {folder}, .account = {}, .mode = AdoptMode::kMove, .dry_run = false});
  REQUIRE(moved.ok());
  CHECK(moved->adopted == 1);
  CHECK_FALSE(fs::exists(file_there));
  fs::remove_all(folder);
}

TEST_CASE_FIXTURE(Bench, "P7 adopt: links, FIFOs, sockets and folders in the way are never read or followed") {
  const TempDir elsewhere;
  std::ofstream(elsewhere / kName, std::ios::binary) << kPicture;
  fs::create_symlink(elsewhere / kName, fs::path(incoming()) / kName);
  fs::create_directory_symlink(elsewhere.path(), fs::path(incoming()) / "folder");
  fs::create_directory_symlink(incoming(), fs::path(incoming()) / "loop");
  REQUIRE(::mkfifo((incoming() + "/shutterstock_118139110-huge.jpg").c_str(), 0600) == 0);
  fs::create_directory(incoming() + "/118139110.jpg");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (incoming() + "/s.jpg").copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);

  const auto summary = adopted(AdoptMode::kMove);

  ::close(socket);
  CHECK(summary.adopted == 0);
  CHECK(summary.refused == 5);
  CHECK(result(kName) == "refused");
  CHECK(result("folder") == "refused");
  CHECK(fs::exists(elsewhere / kName));
  const auto named = adopt({.paths = {incoming() + "/folder"}, .account = {}, .mode = {}, .dry_run = false});
  CHECK(named->refused == 1);
  CHECK(file("newsroom", "e1").state == FileState::kPending);
}

TEST_CASE_FIXTURE(Bench, "P7 adopt: something else under the final name is not overwritten") {
  offer(kName, kPicture);
  fs::create_directories(stored(kPlace));
  const auto summary = adopted(AdoptMode::kMove);
  CHECK(summary.refused == 1);
  CHECK(fs::is_directory(stored(kPlace)));
  CHECK(everything().contains(std::string("incoming/") + kName));
  CHECK(file("newsroom", "e1").state == FileState::kPending);
}

TEST_CASE_FIXTURE(Bench, "M1 M2 M3 M4 adopt: what is not the whole licensed picture is refused and left where it is") {
  const std::vector<std::pair<const char*, std::string>> wrong = {
      {"M1 empty", ""},
      {"M1 one byte", "\xFF"},
      {"M1 header only", "\xFF\xD8\xFF\xE0"},
      {"M1 header and end", "\xFF\xD8\xFF\xD9"},
      {"M2 web page", "<!DOCTYPE html><html><body>Sign in</body></html>"},
      {"M2 JSON", "{\"error\":\"no\"}"},
      {"M2 program", "MZ\x90 this is no picture"},
      {"M3 cut", kPicture.substr(0, kPicture.size() - 2)},
      {"M3 long tail", kPicture + std::string(70'000, 'x')},
      {"M4 other pixels", tiny_jpeg(300, 200)},
      {"M4 pixels of another size", tiny_jpeg(60, 40)},
  };
  for (const auto mode : {AdoptMode::kMove, AdoptMode::kLink})
    for (const auto& [what, bytes] : wrong) {
      CAPTURE(what);
      offer(kName, bytes);
      const auto before = everything();
      const auto summary = adopted(mode);
      CHECK(summary.refused == 1);
      CHECK_FALSE(summary.complete());
      CHECK_FALSE(reason(kName).empty());
      CHECK(everything() == before);
      CHECK(fs::is_empty(path() / "store/.damsync/staging"));
      CHECK(file("newsroom", "e1").state == FileState::kPending);
    }
  CHECK(events().empty());
}

TEST_CASE_FIXTURE(Bench, "adopt: one picture serves every license of its size") {
  hold("newsroom", "118139110", "e2");
  hold("newsroom", "118139110", "e3", "small");
  offer(kName, kPicture);
  CHECK(adopted().adopted == 1);
  CHECK(file("newsroom", "e1").path == kPlace);
  CHECK(file("newsroom", "e2").path == kPlace);
  CHECK(file("newsroom", "e3").state == FileState::kPending);
  CHECK(contains(events(), "asset.stored 118139110 e2"));
}

TEST_CASE_FIXTURE(Bench, "adopt: each size gets the file of its pixels") {
  hold("newsroom", "118139110", "e3", "small");
  offer("118139110.jpg", tiny_jpeg(60, 40));
  offer("shutterstock_118139110.jpg", kPicture);
  CHECK(adopted().adopted == 2);
  CHECK(file("newsroom", "e1").sha256 == sha256_hex(kPicture));
  CHECK(file("newsroom", "e3").sha256 == sha256_hex(tiny_jpeg(60, 40)));
}

TEST_CASE_FIXTURE(Bench, "adopt: two different files for one license are both left, the same one twice counts once") {
  offer("a/" + std::string(kName), kPicture);
  offer("b/" + std::string(kName), tiny_jpeg(600, 400, "retouched"));
  auto summary = adopted(AdoptMode::kMove);
  CHECK(summary.adopted == 0);
  CHECK(summary.ambiguous == 2);
  CHECK(everything().size() == 2);
  offer("b/" + std::string(kName), kPicture);
  summary = adopted(AdoptMode::kMove);
  CHECK(summary.adopted == 1);
  CHECK(summary.already == 1);
  CHECK(summary.complete());
  CHECK_FALSE(everything().contains("incoming/a/" + std::string(kName)));
  CHECK_FALSE(everything().contains("incoming/b/" + std::string(kName)));
}

TEST_CASE_FIXTURE(Bench, "adopt: a rival that is no whole picture does not hold up the right one") {
  offer("a/" + std::string(kName), kPicture.substr(0, 20));
  offer("b/" + std::string(kName), kPicture);
  const auto summary = adopted();
  CHECK(summary.adopted == 1);
  CHECK(summary.refused == 1);
}

TEST_CASE_FIXTURE(Bench,
                  "adopt: a moved file whose license has other bytes is left alone, with the same ones removed") {
  offer(kName, kPicture);
  adopted();
  offer("118139110.jpg", tiny_jpeg(600, 400, "retouched"));
  const auto summary = adopted(AdoptMode::kMove);
  CHECK(summary.already == 2);
  CHECK(everything().contains("incoming/118139110.jpg"));
  CHECK_FALSE(everything().contains(std::string("incoming/") + kName));
  CHECK(file("newsroom", "e1").sha256 == sha256_hex(kPicture));
}

TEST_CASE("adopt: a damaged file of the store makes room for the right one") {
  for (const auto mode : {AdoptMode::kLink, AdoptMode::kCopy}) {
    Bench other;
    other.offer(kName, kPicture);
    fs::create_directories(other.stored(kPlace).parent_path());
    std::ofstream(other.stored(kPlace), std::ios::binary) << "damaged";
    CHECK(other.adopted(mode).adopted == 1);
    CHECK(other.everything().at(std::string("store/") + kPlace) == kPicture);
  }
}

TEST_CASE_FIXTURE(Bench, "adopt: a file of two accounts is for the one that --account names") {
  hold("photo-desk", "118139110", "g1", "");
  offer("118139110.jpg", kPicture);
  CHECK(adopted().adopted == 1);  // the pixels are known of one only
  CHECK(file("newsroom", "e1").state == FileState::kMirrored);
  CHECK(file("photo-desk", "g1").state == FileState::kPending);
  const auto summary = adopt({.paths = {}, .account = "photo-desk", .mode = {}, .dry_run = false});
  REQUIRE(summary.ok());
  CHECK(summary->adopted == 1);
  CHECK(file("photo-desk", "g1").path == "photo-desk/10/118139110/GettyImages-118139110.jpg");
}

TEST_CASE_FIXTURE(Bench, "adopt: a license that came later gets the file its size has, and no other") {
  hold("photo-desk", "452224426", "g1", "");
  offer("GettyImages-452224426.jpg", kPicture);
  CHECK(adopted(AdoptMode::kMove).adopted == 1);
  hold("photo-desk", "452224426", "g2", "");
  offer("GettyImages-452224426.jpg", tiny_jpeg(600, 400, "retouched"));
  CHECK(adopted(AdoptMode::kMove).refused == 1);
  CHECK(file("photo-desk", "g2").state == FileState::kPending);
  offer("GettyImages-452224426.jpg", kPicture);
  CHECK(adopted(AdoptMode::kMove).adopted == 1);
  CHECK(file("photo-desk", "g2").path == file("photo-desk", "g1").path);
  CHECK(file("photo-desk", "g1").sha256 == sha256_hex(kPicture));
}

TEST_CASE_FIXTURE(Bench, "adopt: a file that changes under our eyes is neither taken nor removed") {
  offer(kName, kPicture);
  SourceTree sources((path() / "store").string());
  REQUIRE(sources.add(incoming(), {}).ok());
  REQUIRE(sources.files().size() == 1);
  const auto& source = sources.files().front();
  CHECK(read_source(source, nullptr, {}).ok());
  offer(kName, tiny_jpeg(600, 400, "retouched"));
  CHECK(read_source(source, nullptr, {}).error().code == ErrorCode::kInvalid);
  CHECK(remove_source(source).error().code == ErrorCode::kInvalid);
  CHECK(everything().size() == 1);
}

TEST_CASE_FIXTURE(Bench, "adopt: files of no license and comps are listed and left alone") {
  offer("shutterstock_55555.jpg", kPicture);
  offer("notes.txt", "nothing");
  offer("gettyimages-118139110-612x612.jpg", kPicture);
  const auto summary = adopted();
  CHECK(summary.unmatched == 2);
  CHECK(summary.refused == 1);
  CHECK_FALSE(summary.complete());
}

TEST_CASE_FIXTURE(Bench, "adopt: the free-space reserve is kept by copies and does not concern links") {
  offer(kName, kPicture);
  min_free = std::int64_t{1} << 60;
  CHECK(adopted(AdoptMode::kMove).refused == 1);
  CHECK(reason(kName).find("min_free") != std::string::npos);
  CHECK(everything().size() == 1);
  CHECK(adopted(AdoptMode::kLink).adopted == 1);
}

TEST_CASE_FIXTURE(Bench, "adopt: files of the store are not offered to it") {
  offer(kName, kPicture);
  adopted(AdoptMode::kMove);
  const auto before = everything();
  const auto inside = adopt(
      {.paths = {(path() / "store/newsroom").string()}, .account = {}, .mode = AdoptMode::kMove, .dry_run = false});
  CHECK(inside.error().code == ErrorCode::kUsage);
  const auto around = adopt({.paths = {path().string()}, .account = {}, .mode = AdoptMode::kMove, .dry_run = false});
  REQUIRE(around.ok());
  CHECK(around->already == 0);
  CHECK(everything() == before);
}

TEST_CASE_FIXTURE(Bench, "adopt: a path that is named twice, or is not there, is told once") {
  const auto file_path = offer(kName, kPicture);
  const auto summary = adopt({.paths = {incoming(), file_path, incoming() + "/nothing", incoming() + "/"},
                              .account = {},
                              .mode = AdoptMode::kMove,
                              .dry_run = false});
  REQUIRE(summary.ok());
  CHECK(summary->adopted == 1);
  CHECK(summary->refused == 1);
  CHECK(told.size() == 2);
}

TEST_CASE_FIXTURE(Bench, "adopt: a stop leaves everything where it was") {
  offer(kName, kPicture);
  stop.request_stop();
  const auto summary = adopt({.paths = {}, .account = {}, .mode = AdoptMode::kMove, .dry_run = false});
  CHECK(summary.error().code == ErrorCode::kCancelled);
  CHECK(everything().size() == 1);
}

}  // namespace damsync
