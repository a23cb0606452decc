#include "storage/files/file_store.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/fault_file_ops.h"
#include "tests/support/store_bench.h"

namespace damsync {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void spit(const std::string& path, std::string_view bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

long count_of(const std::vector<std::string>& log, std::string_view start) {
  return std::count_if(log.begin(), log.end(), [&](const std::string& line) { return line.starts_with(start); });
}

/// Sets the process's umask for one test.
class Umask {
 public:
  explicit Umask(mode_t mask) : old_(::umask(mask)) {}
  ~Umask() { ::umask(old_); }

 private:
  mode_t old_;
};

}  // namespace

TEST_CASE_FIXTURE(StoreBench,
                  "file store: a published file stands under its name with the bytes and hash it was given") {
  const auto staged = stage_bytes(store, "picture");
  REQUIRE(staged);
  CHECK(staged->sha256() == sha256_hex("picture"));
  CHECK(staged->bytes() == 7);
  CHECK(published(store).empty());
  const Publication one{staged.get(), "newsroom/10/118139110/shutterstock_118139110-huge.jpg"};
  REQUIRE(store.publish(std::span(&one, 1)).ok());
  CHECK(staged->published());
  CHECK(slurp(root + "/" + one.path) == "picture");
  CHECK((*store.hash(one.path))->sha256 == sha256_hex("picture"));
  CHECK((*store.hash(one.path))->bytes == 7);
  CHECK_FALSE(store.hash("newsroom/nothing.jpg")->has_value());
  CHECK(ops->list_dir(".damsync/staging")->empty());
}

TEST_CASE("X9 file store: modes do not depend on the umask") {
  for (const mode_t mask : {0, 022, 077}) {
    CAPTURE(mask);
    const Umask umask(mask);
    StoreBench bench;
    REQUIRE(publish_bytes(bench.store, "a/b/c.jpg", "x").ok());
    REQUIRE(bench.store.put_small("a/b/asset.json", "{}").ok());
    CHECK(mode_of(bench.root) == 02750);
    CHECK(mode_of(bench.root + "/a") == 02750);
    CHECK(mode_of(bench.root + "/a/b/c.jpg") == 0640);
    CHECK(mode_of(bench.root + "/a/b/asset.json") == 0640);
    CHECK(mode_of(bench.root + "/.damsync/sentinel") == 0640);
  }
}

TEST_CASE_FIXTURE(StoreBench, "file store: an unfinished file is private and vanishes when it is dropped") {
  std::string path;
  {
    auto staged = store.stage();
    REQUIRE(staged.ok());
    path = root + "/" + (*staged)->path();
    CHECK(mode_of(path) == 0600);
    REQUIRE((*staged)->write(std::string_view("half")).ok());
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE_FIXTURE(StoreBench, "staged file: starting again forgets the bytes before it") {
  auto staged = store.stage().value();
  REQUIRE(staged->write(std::string_view("wrong")).ok());
  REQUIRE(staged->restart().ok());
  REQUIRE(staged->write(std::string_view("right")).ok());
  REQUIRE(staged->seal().ok());
  CHECK(staged->sha256() == sha256_hex("right"));
  CHECK(staged->tail() == "right");
  CHECK(staged->bytes() == 5);
  CHECK(code_of(staged->write(std::string_view("more"))) == "internal");
  CHECK(code_of(staged->seal()) == "internal");
}

TEST_CASE_FIXTURE(StoreBench, "staged file: its tail is the last bytes, however they were written") {
  std::string all;
  for (int i = 0; i < 40'000; ++i) all += std::to_string(i) + ",";
  for (const std::size_t piece : {std::size_t{7}, std::size_t{4096}, std::size_t{65'600}, all.size()}) {
    CAPTURE(piece);
    auto staged = store.stage().value();
    for (std::size_t from = 0; from < all.size(); from += piece)
      REQUIRE(staged->write(std::string_view(all).substr(from, piece)).ok());
    REQUIRE(staged->seal().ok());
    CHECK(staged->tail() == std::string_view(all).substr(all.size() - (64 * 1024 + 64)));
    CHECK(staged->sha256() == sha256_hex(all));
  }
}

TEST_CASE_FIXTURE(StoreBench, "file store: publishing what is there already changes nothing") {
  REQUIRE(publish_bytes(store, "a/x.jpg", "same").ok());
  const auto inode = ops->stat("a/x.jpg")->inode;
  CHECK(publish_bytes(store, "a/x.jpg", "same").ok());
  CHECK(ops->stat("a/x.jpg")->inode == inode);
  CHECK(ops->list_dir(".damsync/staging")->empty());
  CHECK(ops->list_dir(".damsync/withdrawn")->empty());
}

TEST_CASE_FIXTURE(StoreBench, "M6 file store: other bytes under a name are moved aside, never overwritten") {
  REQUIRE(publish_bytes(store, "a/x.jpg", "old").ok());
  REQUIRE(publish_bytes(store, "a/x.jpg", "new").ok());
  REQUIRE(publish_bytes(store, "a/x.jpg", "newer").ok());
  CHECK(slurp(root + "/a/x.jpg") == "newer");
  CHECK(slurp(root + "/.damsync/withdrawn/a/x.jpg") == "old");
  CHECK(ops->list_dir(".damsync/withdrawn/a")->size() == 2);
}

TEST_CASE_FIXTURE(StoreBench, "file store: one batch syncs each folder once") {
  FaultFileOps counting(*ops);
  FileStore counted(counting);
  std::vector<std::unique_ptr<StagedFile>> staged;
  std::vector<Publication> batch;
  for (int i = 0; i < 20; ++i) {
    staged.push_back(stage_bytes(counted, std::to_string(i)));
    batch.push_back({staged.back().get(), "acc/" + std::to_string(i % 2) + "/asset/" + std::to_string(i) + ".jpg"});
  }
  counting.forget_log();
  REQUIRE(counted.publish(batch).ok());
  // The root, acc, acc/0, acc/1 and the two asset folders.
  // Those are many enough to be synced together.
  CHECK(count_of(counting.log(), "sync_dir") == 0);
  CHECK(count_of(counting.log(), "sync_all") == 1);
  CHECK(count_of(counting.log(), "make_dir") == 5);
  const auto more = stage_bytes(counted, "more");
  counting.forget_log();
  const Publication one{more.get(), "acc/0/asset/more.jpg"};
  REQUIRE(counted.publish(std::span(&one, 1)).ok());
  CHECK(count_of(counting.log(), "sync_dir") == 1);
  CHECK(count_of(counting.log(), "make_dir") == 0);
}

TEST_CASE_FIXTURE(StoreBench, "file store: a small file is replaced whole, and many are synced together") {
  REQUIRE(store.put_small("a/asset.json", "old").ok());
  REQUIRE(store.put_small("a/asset.json", "new").ok());
  CHECK(slurp(root + "/a/asset.json") == "new");
  FaultFileOps counting(*ops);
  FileStore counted(counting);
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 150; ++i) many.emplace_back("b/" + std::to_string(i) + ".json", std::to_string(i));
  REQUIRE(counted.put_small(many).ok());
  CHECK(count_of(counting.log(), "sync_dir") == 2);
  CHECK(count_of(counting.log(), "sync_all") == 1);
  CHECK(count_of(counting.log(), "sync") == 3);
  CHECK(slurp(root + "/b/149.json") == "149");
  CHECK(published(store).size() == 151);
}

TEST_CASE_FIXTURE(StoreBench,
                  "I8 file store: retiring moves a file out of the published tree and doing it again is safe") {
  REQUIRE(publish_bytes(store, "a/x.jpg", "bytes").ok());
  CHECK(*store.retire("a/x.jpg") == ".damsync/withdrawn/a/x.jpg");
  CHECK(published(store).empty());
  CHECK(*store.retire("a/x.jpg") == ".damsync/withdrawn/a/x.jpg");
  CHECK(slurp(root + "/.damsync/withdrawn/a/x.jpg") == "bytes");
  CHECK(code_of(store.retire("a/y.jpg")) == "not_found");
}

TEST_CASE_FIXTURE(StoreBench,
                  "file store: walking visits every file below the root in path order, and nothing of ours") {
  for (const char* path : {"a/x", "a.jpg", "a-b/y", "a/b/z", "b"}) REQUIRE(publish_bytes(store, path, path).ok());
  std::filesystem::create_directories(root + "/lost+found");
  std::vector<std::string> seen;
  REQUIRE(store
              .walk([&](const std::string& path, const FileInfo& info) {
                CHECK(info.regular);
                seen.push_back(path);
                return true;
              })
              .ok());
  CHECK(seen == std::vector<std::string>{"a-b/y", "a.jpg", "a/b/z", "a/x", "b"});
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  int visits = 0;
  REQUIRE(store.walk([&](const std::string&, const FileInfo&) { return ++visits < 2; }).ok());
  CHECK(visits == 2);
}

TEST_CASE_FIXTURE(StoreBench, "file store: a folder that goes while the store is walked has nothing in it") {
  for (const char* path : {"a/x", "b/y", "c"}) REQUIRE(publish_bytes(store, path, path).ok());
  std::vector<std::string> seen;
  const auto walked = store.walk([&](const std::string& path, const FileInfo&) {
    std::filesystem::remove_all(root + "/b");  // as a layout that changes does
    seen.push_back(path);
    return true;
  });
  CHECK(walked.ok());
  CHECK(seen == std::vector<std::string>{"a/x", "c"});
}

TEST_CASE_FIXTURE(StoreBench, "file store: a file outside can be given a name here, its mode left as it is") {
  const std::string source = outside("GettyImages-452224426.jpg");
  spit(source, "getty");
  REQUIRE(::chmod(source.c_str(), 0604) == 0);
  REQUIRE(store.link(source, "photo/26/452224426/x.jpg").ok());
  CHECK(slurp(root + "/photo/26/452224426/x.jpg") == "getty");
  CHECK(mode_of(source) == 0604);
  CHECK(store.link(source, "photo/26/452224426/x.jpg").ok());
  REQUIRE(publish_bytes(store, "photo/y.jpg", "other").ok());
  CHECK(code_of(store.link(source, "photo/y.jpg")) == "invalid");
  CHECK(code_of(store.link(outside("missing"), "photo/z.jpg")) == "not_found");
}

TEST_CASE_FIXTURE(StoreBench, "file store: leftovers of a crash are swept, other things in staging are left alone") {
  spit(root + "/.damsync/staging/01LEFTOVER", "half");
  spit(root + "/.damsync/staging/folder/file", "not ours");
  CHECK(*store.sweep() == 1);
  CHECK(*store.sweep() == 0);
  CHECK(std::filesystem::exists(root + "/.damsync/staging/folder/file"));
}

TEST_CASE("file store: the sentinel is written once and must be there ever after") {
  const TempDir dir;
  const std::string root = dir / "store";
  const auto ops = open_store_root(root).value();
  CHECK_FALSE(FileStore(*ops).read_store_id()->has_value());
  CHECK(FileStore(*ops).open("id-1", false).ok());
  CHECK(FileStore(*ops).open("id-1", true).ok());
  CHECK(FileStore(*ops).open("id-1", false).ok());
  CHECK(FileStore(*ops).read_store_id()->value() == "id-1");
  CHECK(code_of(FileStore(*ops).open("id-2", false)) == "guard");
  std::filesystem::remove_all(root + "/.damsync");
  CHECK(code_of(FileStore(*ops).open("id-1", true)) == "guard");
  // A mount point without its disk stays untouched.
  CHECK(std::filesystem::is_empty(root));
}

TEST_CASE_FIXTURE(StoreBench, "G5 file store: a second damsync on the store is turned away, with whatever catalog") {
  const auto second = open_store_root(root).value();
  CHECK(code_of(FileStore(*second).open("store-1", true)) == "locked");
  CHECK(code_of(FileStore(*second).open("store-2", false)) == "locked");
}

}  // namespace damsync
