#include <doctest/doctest.h>

#include <iterator>
#include <map>

#include "storage/files/file_store.h"
#include "tests/support/fault_file_ops.h"
#include "tests/support/power_loss_file_ops.h"
#include "tests/support/store_bench.h"

namespace damsync {
namespace {

using Times = FaultFileOps::Times;
using Survivors = PowerLossFileOps::Survivors;

/// Bytes that span several buffers, so that a cut may fall between two writes.
std::string picture(int number) {
  return std::string(10'000, static_cast<char>('a' + number)) + std::to_string(number);
}

/// What one cycle does to the store; names are its promise, bytes what must stand there.
class Workload {
 public:
  const std::map<std::string, std::string> files = {{"acc/10/110/one.jpg", picture(1)},
                                                    {"acc/10/110/two.jpg", picture(2)},
                                                    {"acc/11/111/three.jpg", picture(3)},
                                                    {"acc/12/old.jpg", picture(4)}};
  const std::map<std::string, std::string> sidecars = {
      {"acc/10/110/asset.json", "{\"new\":1}"}, {"acc/10/110/one.jpg.xmp", "<one/>"},
      {"acc/10/110/two.jpg.xmp", "<two/>"},     {"acc/11/111/asset.json", "{\"new\":2}"},
      {"acc/11/111/three.jpg.xmp", "<three/>"}, {"acc/12/old.jpg.xmp", "<four/>"},
      {"alone/asset.json", "{\"new\":3}"}};

  /// What stood there before: another file under a name that is wanted, and an older sidecar.
  static Status prepare(FileStore& store) {
    if (auto opened = store.open("store-1", false); !opened) return opened;
    if (auto old = publish_bytes(store, "acc/12/old.jpg", "superseded"); !old) return old;
    if (auto gone = publish_bytes(store, "acc/13/gone.jpg", "withdrawn"); !gone) return gone;
    return store.put_small("acc/10/110/asset.json", "{\"old\":1}");
  }

  Status run(FileOps& ops) const {
    FileStore store(ops);
    if (auto opened = store.open("store-1", true); !opened) return opened;
    if (auto swept = store.sweep(); !swept) return swept.error();
    if (auto done = publish_all(store); !done) return done;
    // Many are synced together, a few one by one.
    const std::vector<std::pair<std::string, std::string>> many(sidecars.begin(), std::prev(sidecars.end()));
    if (auto put = store.put_small(many); !put) return put;
    if (auto put = store.put_small("alone/asset.json", sidecars.at("alone/asset.json")); !put) return put;
    const auto retired = store.retire("acc/13/gone.jpg");
    return retired ? Status() : Status(retired.error());
  }

  /// I1: whatever has a name has all of the bytes it ever may have under that name.
  void check_visible(const std::map<std::string, std::string>& tree) const {
    for (const auto& [path, bytes] : tree) {
      if (path.starts_with(".damsync/staging/") || path == ".damsync/lock") continue;
      CAPTURE(path);
      const bool complete = (files.contains(path) && bytes == files.at(path)) ||
                            (sidecars.contains(path) && bytes == sidecars.at(path)) ||
                            (path == "acc/10/110/asset.json" && bytes == "{\"old\":1}") ||
                            (path == "acc/13/gone.jpg" && bytes == "withdrawn") ||
                            (path == "acc/12/old.jpg" && bytes == "superseded") || path.starts_with(".damsync/");
      CHECK(complete);
      if (path == ".damsync/sentinel") CHECK(bytes.starts_with("store-1\n"));
      if (path.starts_with(".damsync/withdrawn/acc/12/old.jpg")) CHECK(bytes == "superseded");
      if (path.starts_with(".damsync/withdrawn/acc/13/gone.jpg")) CHECK(bytes == "withdrawn");
    }
  }

  /// Everything that was promised stands there.
  void check_done(const std::map<std::string, std::string>& tree) const {
    check_visible(tree);
    for (const auto* part : {&files, &sidecars})
      for (const auto& [path, bytes] : *part) {
        CAPTURE(path);
        REQUIRE(tree.contains(path));
        CHECK(tree.at(path) == bytes);
      }
    CHECK_FALSE(tree.contains("acc/13/gone.jpg"));
    CHECK(tree.contains(".damsync/withdrawn/acc/12/old.jpg"));
    CHECK(tree.contains(".damsync/withdrawn/acc/13/gone.jpg"));
  }

 private:
  Status publish_all(FileStore& store) const {
    std::vector<std::unique_ptr<StagedFile>> staged;
    std::vector<Publication> batch;
    for (const auto& [path, bytes] : files) {
      auto file = store.stage();
      if (!file) return file.error();
      staged.push_back(std::move(*file));
      for (std::size_t from = 0; from < bytes.size(); from += 4096)
        if (auto written = staged.back()->write(std::string_view(bytes).substr(from, 4096)); !written) return written;
      if (auto sealed = staged.back()->seal(); !sealed) return sealed;
      batch.push_back({staged.back().get(), path});
    }
    return store.publish(batch);
  }
};

/// A disk on which the workload is about to run, with nothing unsynced.
std::unique_ptr<PowerLossFileOps> prepared_disk() {
  PowerLossFileOps disk;
  FileStore store(disk);
  REQUIRE(Workload::prepare(store).ok());
  return disk.after_power_cut(Survivors::kOnlySynced);
}

/// Number of file calls that the whole workload makes.
long calls_of(const Workload& work) {
  const auto disk = prepared_disk();
  FaultFileOps counting(*disk);
  REQUIRE(work.run(counting).ok());
  work.check_done(disk->files());
  return counting.calls();
}

}  // namespace

TEST_CASE(
    "X1 X4 file store: whichever file call fails, nothing half-written is visible and the next run puts all right") {
  const Workload work;
  const long calls = calls_of(work);
  CHECK(calls > 60);
  for (const Times times : {Times::kOnce, Times::kFromThenOn})
    for (long i = 1; i <= calls; ++i) {
      CAPTURE(i);
      const auto disk = prepared_disk();
      FaultFileOps faulty(*disk);
      faulty.fail_at(i, times, i % 2 == 0 ? FaultFileOps::disk_full() : FaultFileOps::io_failure());
      const auto outcome = work.run(faulty);
      REQUIRE(faulty.fired() > 0);
      work.check_visible(disk->files());
      if (outcome.ok()) work.check_done(disk->files());
      faulty.heal();
      REQUIRE(work.run(faulty).ok());
      work.check_done(disk->files());
      CHECK(disk->list_dir(".damsync/staging")->empty());
    }
}

TEST_CASE("I1 file store: whenever the power is cut, a visible name has complete bytes and the next run converges") {
  const Workload work;
  const long calls = calls_of(work);
  for (long i = 1; i <= calls; ++i)
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      CAPTURE(i);
      CAPTURE(seed);
      const auto disk = prepared_disk();
      FaultFileOps until(*disk);
      until.fail_at(i, Times::kFromThenOn, FaultFileOps::io_failure());
      // The last call lets go of the lock, which no one waits for.
      CHECK(work.run(until).ok() == (i == calls));
      const auto how = seed == 0 ? Survivors::kOnlySynced : seed == 1 ? Survivors::kAllNames : Survivors::kSomeNames;
      const auto after = disk->after_power_cut(how, seed);
      work.check_visible(after->files());
      const auto kept = after->files();
      // Which entries of one rename survive is for the file system to say; a lost file is fetched again.
      if (!kept.contains("acc/13/gone.jpg") && !kept.contains(".damsync/withdrawn/acc/13/gone.jpg")) continue;
      if (!kept.contains("acc/12/old.jpg") && !kept.contains(".damsync/withdrawn/acc/12/old.jpg")) continue;
      REQUIRE(work.run(*after).ok());
      work.check_done(after->files());
    }
}

TEST_CASE("I1 file store: what was reported as done survives a power cut") {
  const Workload work;
  const auto disk = prepared_disk();
  REQUIRE(work.run(*disk).ok());
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    work.check_done(disk->after_power_cut(seed == 0 ? Survivors::kOnlySynced : Survivors::kSomeNames, seed)->files());
  }
}

TEST_CASE("I1 file store: a folder left unsynced by a crashed process is made durable by the next that uses it") {
  const auto prepared = prepared_disk();
  PowerLossFileOps& disk = *prepared;
  REQUIRE(disk.make_dir("acc/10/new").ok());
  REQUIRE(disk.make_dir("fresh").ok());
  REQUIRE(disk.make_dir("fresh/10").ok());
  FileStore store(disk);
  REQUIRE(store.open("store-1", true).ok());
  for (const char* path : {"acc/10/new/one.jpg", "fresh/10/one.jpg"}) {
    REQUIRE(publish_bytes(store, path, "one").ok());
    CHECK(disk.after_power_cut(Survivors::kOnlySynced)->files().contains(path));
  }
}

TEST_CASE("I1 file store: folders of a failed batch are synced by the next") {
  PowerLossFileOps disk;
  FaultFileOps faulty(disk);
  FileStore store(faulty);
  REQUIRE(store.open("store-1", false).ok());
  const auto staged = stage_bytes(store, "one");
  const Publication one{staged.get(), "acc/10/one.jpg"};
  for (long i = 1; i <= 8; ++i) {
    faulty.fail_at(i, Times::kOnce, FaultFileOps::io_failure());
    const auto outcome = store.publish(std::span(&one, 1));
    faulty.heal();
    if (outcome.ok()) break;
    REQUIRE(publish_bytes(store, "acc/10/two.jpg", "two").ok());
    CHECK(disk.after_power_cut(Survivors::kOnlySynced)->files().contains("acc/10/two.jpg"));
  }
}

TEST_CASE("X4 staged file: after a failed write or sync only dropping it is left") {
  PowerLossFileOps disk;
  FaultFileOps faulty(disk);
  FileStore store(faulty);
  REQUIRE(store.open("store-1", false).ok());
  {
    auto staged = store.stage().value();
    faulty.fail_at(1, Times::kOnce, FaultFileOps::disk_full());
    CHECK(code_of(staged->write(std::string_view("x"))) == "storage");
    CHECK(code_of(staged->write(std::string_view("x"))) == "internal");
    CHECK(code_of(staged->seal()) == "internal");
    CHECK(code_of(staged->restart()) == "internal");
    const Publication one{staged.get(), "a.jpg"};
    CHECK(code_of(store.publish(std::span(&one, 1))) == "internal");
  }
  {
    auto staged = store.stage().value();
    REQUIRE(staged->write(std::string_view("x")).ok());
    faulty.fail_at(2, Times::kOnce, FaultFileOps::io_failure());  // set_mode, then fsync
    CHECK(code_of(staged->seal()) == "storage");
    CHECK(code_of(staged->seal()) == "internal");
    CHECK_FALSE(staged->sealed());
  }
  CHECK(disk.list_dir(".damsync/staging")->empty());
  CHECK_FALSE(disk.stat("a.jpg")->exists);
}

}  // namespace damsync
