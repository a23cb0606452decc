#include "sync/report/store_comparison.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "storage/base/digest.h"
#include "storage/catalog/stray_book.h"
#include "tests/support/fault_file_ops.h"
#include "tests/support/store_bench.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// One license whose file is in the store.
struct ComparisonBench : CatalogBench, StoreBench {
  ComparisonBench() {
    upsert(sample_license("e1"));
    REQUIRE(publish_bytes(store, kPath, kBytes).ok());
    auto file = mirrored("e1", kPath);
    file.bytes = static_cast<std::int64_t>(std::string_view(kBytes).size());
    file.sha256 = sha256_hex(kBytes);
    commit([&] { writer.put_file(file); });
  }
  void put(const std::string& bytes) const { std::ofstream(root + "/" + kPath, std::ios::binary) << bytes; }
  void remove() const { std::filesystem::remove(root + "/" + kPath); }
  FileState compare() {
    CHECK(StoreComparison({*db, catalog, writer, store, clock}).run({}).ok());
    return CatalogBench::file("e1").state;
  }
  enum class Others { kStand, kWrite };
  /// What lies in the store without a license by the comparison that is made now; `meanwhile` happens during its walk.
  std::vector<std::string> strays(Others others, std::function<void()> meanwhile = {}) {
    FaultFileOps walked(*ops);
    walked.before_each = [&] {
      if (const auto act = std::exchange(meanwhile, {})) act();
    };
    FileStore walking(walked);
    CHECK(StoreComparison({*db, catalog, writer, walking, clock, others == Others::kWrite}).run({}).ok());
    std::vector<std::string> out;
    StrayBook(*db).list(clock.utc(), [&](const StrayFile& file) { return out.push_back(file.path), true; });
    return out;
  }
  /// A picture of another license and its sidecars get their names; the catalog does not know of it.
  void place_another() {
    for (const char* name : {"b.jpg", "b.jpg.xmp", "asset.json"})
      REQUIRE(publish_bytes(store, kOther + std::string(name), name).ok());
  }
  void commit_another() {
    upsert(sample_license("e2", "2002"));
    commit([&] {
      writer.put_file(mirrored("e2", kOther + std::string("b.jpg")));
      writer.put_sidecar("newsroom", "2002", kOther + std::string("asset.json"), std::string(64, 'b'));
    });
  }
  static constexpr const char* kOther = "newsroom/20/2002/";
  static constexpr const char* kPath = "newsroom/10/1001/a.jpg";
  static constexpr const char* kBytes = "the bytes that were received";
};

}  // namespace

TEST_CASE("store comparison: a file that is gone is missing, and as it was when it is put back") {
  ComparisonBench bench;
  CHECK(bench.compare() == FileState::kMirrored);
  bench.remove();
  CHECK(bench.compare() == FileState::kMissing);
  bench.put("something of another kind");
  CHECK(bench.compare() == FileState::kCorrupt);
  bench.put(ComparisonBench::kBytes);
  CHECK(bench.compare() == FileState::kMirrored);
}

TEST_CASE("store comparison: a file of another size is not the one that was received") {
  ComparisonBench bench;
  bench.put("the bytes");
  CHECK(bench.compare() == FileState::kCorrupt);
  bench.remove();
  CHECK(bench.compare() == FileState::kMissing);
}

TEST_CASE("store comparison: a picture that comes with its sidecars meanwhile belongs to its license") {
  ComparisonBench bench;
  CHECK(bench
            .strays(ComparisonBench::Others::kStand,
                    [&] {
                      bench.place_another();
                      bench.commit_another();
                    })
            .empty());
}

TEST_CASE("store comparison: what was just put under its name is left alone while others write, and found later") {
  ComparisonBench bench;
  using Others = ComparisonBench::Others;
  const auto really = SystemClock().utc();
  bench.clock.set_utc(really);
  bench.place_another();  // its bytes are old, as those of a long batch are
  for (const auto& entry : std::filesystem::directory_iterator(bench.root + "/" + ComparisonBench::kOther))
    std::filesystem::last_write_time(entry, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  CHECK(bench.strays(Others::kWrite).empty());
  CHECK(bench.strays(Others::kStand).size() == 3);

  CHECK(bench.strays(Others::kWrite).size() == 3);  // what is known to be one stays so
  bench.commit_another();
  CHECK(bench.strays(Others::kWrite).empty());
  std::ofstream(bench.root + "/stray.jpg") << "by hand";
  bench.clock.set_utc(really + std::chrono::hours(1));
  CHECK(bench.strays(Others::kWrite) == std::vector<std::string>{"stray.jpg"});
}

}  // namespace damsync
