#include "storage/files/file_ops.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include "storage/files/posix_file_ops.h"
#include "tests/support/fault_file_ops.h"
#include "tests/support/power_loss_file_ops.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

/// The disk, and nothing between.
class OnDisk {
 public:
  OnDisk() : ops_(open_store_root(dir_ / "store").value()) {}
  FileOps& ops() { return *ops_; }

 private:
  TempDir dir_;
  std::unique_ptr<FileOps> ops_;
};

/// The disk behind a decorator that fails nothing.
class BehindFaults {
 public:
  FileOps& ops() { return faults_; }

 private:
  OnDisk disk_;
  FaultFileOps faults_{disk_.ops()};
};

class InMemory {
 public:
  FileOps& ops() { return memory_; }

 private:
  PowerLossFileOps memory_;
};

void put(FileOps& ops, const std::string& path, std::string_view bytes) {
  const auto handle = ops.create(path);
  REQUIRE(handle.ok());
  REQUIRE(ops.write(*handle, bytes).ok());
  REQUIRE(ops.sync(*handle).ok());
  REQUIRE(ops.close(*handle).ok());
}

std::string get(FileOps& ops, const std::string& path) {
  const auto handle = ops.open_read(path);
  if (!handle) return to_word(handle.error().code);
  std::string out(1 << 20, '\0');
  const auto count = ops.read(*handle, out);
  CHECK(ops.close(*handle).ok());
  REQUIRE(count.ok());
  out.resize(*count);
  return out;
}

template <class Outcome>
std::string code_of(const Outcome& outcome) {
  return outcome.ok() ? "ok" : to_word(outcome.error().code);
}

}  // namespace

TEST_CASE_TEMPLATE("file ops: what is written is read back, and the end reads as nothing", Under, OnDisk, BehindFaults,
                   InMemory) {
  Under under;
  FileOps& ops = under.ops();
  const std::string large(300'000, 'x');
  put(ops, "large", large);
  CHECK(get(ops, "large") == large);
  const auto handle = ops.open_read("large");
  REQUIRE(handle.ok());
  std::string into(200'000, '\0');
  CHECK(*ops.read(*handle, into) == 200'000);
  CHECK(*ops.read(*handle, into) == 100'000);
  CHECK(*ops.read(*handle, into) == 0);
  CHECK(ops.close(*handle).ok());
}

TEST_CASE_TEMPLATE("file ops: create never opens what exists", Under, OnDisk, BehindFaults, InMemory) {
  Under under;
  FileOps& ops = under.ops();
  put(ops, "a", "first");
  CHECK(code_of(ops.create("a")) == "invalid");
  CHECK(get(ops, "a") == "first");
  CHECK(code_of(ops.create("missing/a")) == "not_found");
}

TEST_CASE_TEMPLATE("file ops: rename never replaces, rename_over does", Under, OnDisk, BehindFaults, InMemory) {
  Under under;
  FileOps& ops = under.ops();
  put(ops, "a", "new");
  put(ops, "b", "old");
  CHECK(code_of(ops.rename("a", "b")) == "invalid");
  CHECK(get(ops, "b") == "old");
  CHECK(code_of(ops.rename_over("a", "b")) == "ok");
  CHECK(get(ops, "b") == "new");
  CHECK(get(ops, "a") == "not_found");
  CHECK(code_of(ops.rename("a", "c")) == "not_found");
  CHECK(code_of(ops.rename("b", "missing/c")) == "not_found");
}

TEST_CASE_TEMPLATE("file ops: a folder is made once and only where nothing else stands", Under, OnDisk, BehindFaults,
                   InMemory) {
  Under under;
  FileOps& ops = under.ops();
  CHECK(*ops.make_dir("d"));
  CHECK_FALSE(*ops.make_dir("d"));
  CHECK(*ops.make_dir("d/e"));
  CHECK(code_of(ops.make_dir("missing/e")) == "not_found");
  put(ops, "file", "");
  CHECK(code_of(ops.make_dir("file")) == "invalid");
  CHECK(ops.sync_dir("d").ok());
  CHECK(ops.sync_dir("").ok());
  CHECK(ops.sync_all().ok());
  CHECK(code_of(ops.sync_dir("missing")) == "not_found");
  CHECK(ops.stat("d")->mode % 01000 == 0750);
}

TEST_CASE_TEMPLATE("file ops: stat tells what stands there, and absence is no error", Under, OnDisk, BehindFaults,
                   InMemory) {
  Under under;
  FileOps& ops = under.ops();
  put(ops, "a", "12345");
  CHECK(ops.stat("a")->regular);
  CHECK(ops.stat("a")->bytes == 5);
  CHECK(ops.stat("a")->links == 1);
  CHECK(ops.stat("a")->mode == 0600);
  CHECK(ops.stat("")->directory);
  CHECK_FALSE(ops.stat("b")->exists);
  CHECK_FALSE(ops.stat("missing/b")->exists);
}

TEST_CASE_TEMPLATE("file ops: list_dir gives sorted names, remove takes files and empty folders", Under, OnDisk,
                   BehindFaults, InMemory) {
  Under under;
  FileOps& ops = under.ops();
  REQUIRE(ops.make_dir("d").ok());
  put(ops, "d/b", "");
  put(ops, "d/a", "");
  CHECK(*ops.list_dir("d") == std::vector<std::string>{"a", "b"});
  CHECK(code_of(ops.remove("d")) == "invalid");
  CHECK(ops.remove("d/a").ok());
  CHECK(ops.remove("d/b").ok());
  CHECK(ops.remove("d").ok());
  CHECK(code_of(ops.remove("d")) == "not_found");
  CHECK(code_of(ops.list_dir("d")) == "not_found");
}

TEST_CASE_TEMPLATE("file ops: a lock has one holder until it is closed", Under, OnDisk, BehindFaults, InMemory) {
  Under under;
  FileOps& ops = under.ops();
  const auto first = ops.lock("lock");
  REQUIRE(first.ok());
  CHECK(code_of(ops.lock("lock")) == "locked");
  CHECK(ops.close(*first).ok());
  const auto second = ops.lock("lock");
  CHECK(second.ok());
  CHECK(ops.close(*second).ok());
}

TEST_CASE_TEMPLATE("P1 file ops: a path that could leave the root is refused by every call", Under, OnDisk,
                   BehindFaults, InMemory) {
  Under under;
  FileOps& ops = under.ops();
  put(ops, "a", "");
  const std::string bad[] = {"../a",
                             "/abs",
                             ".",
                             "..",
                             "a/..",
                             "a//b",
                             "a/",
                             "./a",
                             "d/../a",
                             std::string("a\0b", 3),
                             std::string(256, 'x'),
                             std::string(5000, 'x')};
  for (const auto& path : bad) {
    CAPTURE(path);
    CHECK(code_of(ops.create(path)) == "invalid");
    CHECK(code_of(ops.open_read(path)) == "invalid");
    CHECK(code_of(ops.rename("a", path)) == "invalid");
    CHECK(code_of(ops.rename_over("a", path)) == "invalid");
    CHECK(code_of(ops.rename(path, "b")) == "invalid");
    CHECK(code_of(ops.remove(path)) == "invalid");
    CHECK(code_of(ops.make_dir(path)) == "invalid");
    CHECK(code_of(ops.stat(path)) == "invalid");
  }
  CHECK(ops.list_dir("")->size() == 1);
}

TEST_CASE_TEMPLATE("file ops: free space is known and the root is the one that was opened", Under, OnDisk, BehindFaults,
                   InMemory) {
  Under under;
  CHECK(*under.ops().free_bytes() > 0);
  CHECK(under.ops().check_root().ok());
}

}  // namespace damsync
