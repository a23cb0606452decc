#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "storage/files/file_store.h"
#include "tests/support/store_bench.h"

namespace damsync {
namespace fs = std::filesystem;
namespace {

void spit(const std::string& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE_FIXTURE(StoreBench, "P1 file store: no path leads out of the published tree") {
  const std::string bad[] = {"../x",
                             "/x",
                             "a/../../x",
                             ".",
                             "..",
                             "",
                             "a//b",
                             "a/",
                             ".damsync",
                             ".damsync/sentinel",
                             "a/./b",
                             std::string("a\0b", 3),
                             std::string(300, 'x')};
  for (const auto& path : bad) {
    CAPTURE(path);
    CHECK(code_of(publish_bytes(store, path, "x")) == "invalid");
    CHECK(code_of(store.put_small(path, "x")) == "invalid");
    CHECK(code_of(store.retire(path)) == "invalid");
    CHECK(code_of(store.link(outside("nothing"), path)) == "invalid");
  }
  CHECK(published(store).empty());
  CHECK(ops->list_dir(".damsync/staging")->empty());
  CHECK(store.read_store_id()->value() == "store-1");
}

TEST_CASE_FIXTURE(StoreBench,
                  "P3 P4 P5 file store: names that differ in a byte are different files, and none is special") {
  const std::string names[] = {"Ab",
                               "aB",
                               "\xc3\xa9",
                               "e\xcc\x81",
                               "-rf",
                               "CON",
                               "x.part",
                               ".nfs0",
                               "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                               "\xe2\x80\xaegpj",
                               "\xf0\x9f\x99\x82"};
  for (const auto& name : names) REQUIRE(publish_bytes(store, "a/" + name, name).ok());
  const auto tree = published(store);
  CHECK(tree.size() == std::size(names));
  for (const auto& name : names) CHECK(tree.at("a/" + name) == sha256_hex(name));
}

TEST_CASE_FIXTURE(StoreBench,
                  "P7 file store: what is planted at a final name is refused or moved aside, never written to") {
  fs::create_directories(root + "/a/folder.jpg/inside");
  spit(outside("victim"), "victim");
  fs::create_symlink(outside("victim"), root + "/a/link.jpg");
  fs::create_symlink(outside("nowhere"), root + "/a/dangling.jpg");
  fs::create_hard_link(outside("victim"), root + "/a/hard.jpg");
  REQUIRE(::mkfifo((root + "/a/fifo.jpg").c_str(), 0600) == 0);
  for (const char* name : {"a/folder.jpg", "a/link.jpg", "a/dangling.jpg", "a/fifo.jpg"}) {
    CAPTURE(name);
    CHECK(code_of(publish_bytes(store, name, "ours")) == "invalid");
  }
  // Same bytes, but whoever holds the other name could change them later.
  CHECK(publish_bytes(store, "a/hard.jpg", "victim").ok());
  CHECK(ops->stat("a/hard.jpg")->links == 1);
  CHECK(slurp(outside("victim")) == "victim");
  CHECK_FALSE(fs::exists(outside("nowhere")));
  CHECK(code_of(store.hash("a/link.jpg")) == "invalid");
  CHECK(code_of(store.hash("a/fifo.jpg")) == "invalid");
  CHECK(code_of(store.hash("a/folder.jpg")) == "invalid");
}

TEST_CASE_FIXTURE(StoreBench, "P7 file store: one refused item does not hold up the others of its batch") {
  fs::create_directories(root + "/a/taken.jpg");
  const auto refused = stage_bytes(store, "one");
  const auto fine = stage_bytes(store, "two");
  const Publication batch[] = {{refused.get(), "a/taken.jpg"}, {fine.get(), "a/fine.jpg"}};
  CHECK(code_of(store.publish(batch)) == "invalid");
  CHECK_FALSE(refused->published());
  CHECK(fine->published());
  CHECK(slurp(root + "/a/fine.jpg") == "two");
}

TEST_CASE_FIXTURE(StoreBench, "P7 file store: a link planted as a parent folder is not followed") {
  fs::create_directories(outside("elsewhere"));
  fs::create_directory_symlink(outside("elsewhere"), root + "/acc");
  fs::create_directories(root + "/b");
  fs::create_directory_symlink(outside("elsewhere"), root + "/b/c");
  for (const char* name : {"acc/x.jpg", "acc/1/x.jpg", "b/c/x.jpg", "b/c/d/x.jpg"}) {
    CAPTURE(name);
    CHECK(code_of(publish_bytes(store, name, "x")) == "invalid");
    CHECK(code_of(store.put_small(name, "x")) == "invalid");
    CHECK(code_of(store.hash(name)) == "invalid");
    CHECK(code_of(store.retire(name)) == "invalid");
  }
  CHECK(fs::is_empty(outside("elsewhere")));
}

TEST_CASE_FIXTURE(StoreBench, "P7 file store: a folder swapped for a link between two calls is not followed") {
  REQUIRE(publish_bytes(store, "acc/1/x.jpg", "x").ok());
  fs::create_directories(outside("elsewhere"));
  fs::rename(root + "/acc/1", outside("moved"));
  fs::create_directory_symlink(outside("elsewhere"), root + "/acc/1");
  CHECK(code_of(publish_bytes(store, "acc/1/y.jpg", "y")) == "invalid");
  CHECK(fs::is_empty(outside("elsewhere")));
}

TEST_CASE_FIXTURE(StoreBench, "file store: a folder removed between two calls is made again by the next attempt") {
  REQUIRE(publish_bytes(store, "acc/1/x.jpg", "x").ok());
  fs::remove_all(root + "/acc");
  CHECK(code_of(publish_bytes(store, "acc/1/y.jpg", "y")) == "storage");
  CHECK(publish_bytes(store, "acc/1/y.jpg", "y").ok());
  CHECK(slurp(root + "/acc/1/y.jpg") == "y");
}

TEST_CASE("P7 file store: a link or file in place of our own folders stops everything") {
  for (const char* planted :
       {".damsync", ".damsync/staging", ".damsync/withdrawn", ".damsync/lock", ".damsync/sentinel"}) {
    CAPTURE(planted);
    const TempDir dir;
    const auto ops = open_store_root(dir / "store").value();
    fs::create_directories(dir / "elsewhere");
    if (std::string_view(planted) != ".damsync") fs::create_directories(dir / "store/.damsync");
    fs::create_symlink(dir / "elsewhere", dir / "store/" + planted);
    CHECK(code_of(FileStore(*ops).open("id", false)) == "guard");
    CHECK(fs::is_empty(dir / "elsewhere"));
  }
}

TEST_CASE_FIXTURE(StoreBench, "P8 file store: a root replaced while running stops every write") {
  const auto staged = stage_bytes(store, "late");
  fs::rename(root, outside("moved"));
  fs::create_directories(root);
  const Publication one{staged.get(), "a/x.jpg"};
  CHECK(code_of(store.publish(std::span(&one, 1))) == "guard");
  CHECK(code_of(store.stage()) == "guard");
  CHECK(code_of(store.put_small("a/asset.json", "{}")) == "guard");
  CHECK(code_of(store.retire("a/x.jpg")) == "guard");
  CHECK(fs::is_empty(root));
}

TEST_CASE("P8 store root: made below an existing parent, refused when it is no directory, guarded when known") {
  const TempDir dir;
  CHECK(code_of(open_store_root(dir / "missing/store")) == "storage");
  CHECK_FALSE(fs::exists(dir / "missing"));
  CHECK(code_of(open_store_root(dir / "store", MissingRoot::kGuard)) == "guard");
  CHECK_FALSE(fs::exists(dir / "store"));
  CHECK(code_of(open_store_root("store")) == "settings");
  spit(dir / "file", "");
  CHECK(code_of(open_store_root(dir / "file")) == "storage");
  CHECK(open_store_root(dir / "store/").ok());
  CHECK(open_store_root(dir / "store", MissingRoot::kGuard).ok());
}

}  // namespace damsync
