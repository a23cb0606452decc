#include "sync/pipeline/layout_work.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

struct LayoutBench : CycleBench {
  LayoutBench() {
    provider.add("101", "e1");
    provider.add("102", "e2");
  }

  AccountSummary cycle_with(const char* text) {
    layout = *PathLayout::parse(text);
    return cycle();
  }
  /// Whose progress is told.
  std::vector<std::string> steps_of_a_cycle() {
    std::vector<std::string> steps;
    with_cycle([&](Cycle& cycle) {
      cycle.progress = [&](const Progress& now) { steps.push_back(now.step); };
      SyncRun(cycle).run({});
    });
    return steps;
  }
  [[nodiscard]] std::string path(const std::string& license_id) const {
    return catalog_now().find_file("newsroom", license_id)->path;
  }
  [[nodiscard]] bool there(const std::string& name) const { return fs::exists(dir.path() / "store" / name); }
  [[nodiscard]] std::uint64_t inode(const std::string& name) { return store_ops().stat(name)->inode; }
  [[nodiscard]] Catalog& catalog_now() const { return const_cast<LayoutBench*>(this)->catalog(); }
  FileOps& store_ops() {
    if (!ops) ops = std::move(*open_store_root(dir / "store"));
    return *ops;
  }

  std::unique_ptr<FileOps> ops;
};

constexpr const char* kFlat = "{account}/{name}";

}  // namespace

TEST_CASE_FIXTURE(LayoutBench, "layout: another template moves files with their sidecars and clears what is empty") {
  cycle();
  const auto before = inode(path_of("101"));
  provider.forget_calls();
  const auto summary = cycle_with(kFlat);
  CHECK_FALSE(summary.error);
  CHECK(provider.count("refetch") == 0);
  CHECK(path("e1") == "newsroom/scripted_101-huge.jpg");
  CHECK(inode(path("e1")) == before);
  std::vector<std::string> names;
  for (const auto& [name, bytes] : visible_files()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"newsroom/101.asset.json", "newsroom/102.asset.json",
                                          "newsroom/scripted_101-huge.jpg", "newsroom/scripted_101-huge.jpg.xmp",
                                          "newsroom/scripted_102-huge.jpg", "newsroom/scripted_102-huge.jpg.xmp"});
  CHECK_FALSE(there("newsroom/01"));
  CHECK(store_ops().stat(path("e1"))->links == 1);
  CHECK(fs::is_empty(dir.path() / "store/.damsync/withdrawn"));
}

TEST_CASE_FIXTURE(LayoutBench,
                  "layout: whatever takes long is told as progress: moves, old names that go, questions about losses") {
  for (int i = 200; i < 300; ++i) provider.add(std::to_string(i), "e" + std::to_string(i));
  cycle();
  layout = *PathLayout::parse(kFlat);
  const auto steps = steps_of_a_cycle();
  CHECK(std::count(steps.begin(), steps.end(), "layout") >= 2);  // 64 files, and the others
  CHECK(std::count(steps.begin(), steps.end(), "leftovers") >= 2);

  provider.history.pop_back();
  clock.advance(std::chrono::hours(24 * 8));
  const auto later = steps_of_a_cycle();
  CHECK(std::count(later.begin(), later.end(), "missing") == 1);  // as is every question about a license not listed
}

TEST_CASE_FIXTURE(LayoutBench, "layout: the feed tells that a file has another path, once") {
  cycle();
  const auto told = events().size();
  cycle_with(kFlat);
  const auto all = events();
  CHECK(std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(told), all.end()) ==
        std::vector<std::string>{"asset.updated 101 e1", "asset.updated 102 e2"});
  cycle_with(kFlat);
  CHECK(events().size() == all.size());
}

TEST_CASE_FIXTURE(LayoutBench, "layout: a dry run says what would move and moves nothing") {
  cycle();
  const auto before = visible_files();
  plan.clear();
  Policy dry = policy;
  dry.dry_run = true;
  layout = *PathLayout::parse(kFlat);
  cycle(dry);
  REQUIRE(plan.size() == 2);
  CHECK(plan[0].action == "move");
  CHECK(plan[0].asset_id == "101");
  CHECK(plan[0].license_id == "e1");
  CHECK(plan[0].detail == path_of("101") + " -> newsroom/scripted_101-huge.jpg");
  CHECK(visible_files() == before);
}

TEST_CASE_FIXTURE(LayoutBench, "layout: licenses that share a file move together, and a later one moves nothing") {
  provider.add("101", "e0");
  cycle();
  REQUIRE(path("e0") == path("e1"));
  cycle_with("{account}/{license_id}/{name}");
  CHECK(path("e0") == "newsroom/e0/scripted_101-huge.jpg");
  CHECK(path("e1") == path("e0"));
  provider.add("101", "d9");  // sorts before both
  cycle();
  cycle_with("{account}/{license_id}/{name}");
  CHECK(path("d9") == "newsroom/e0/scripted_101-huge.jpg");
}

TEST_CASE_FIXTURE(LayoutBench, "layout: files that would get one name get their license's id, and none is lost") {
  provider.add("101", "e3").size = "medium";
  cycle();
  cycle_with("{account}/{asset_id}.{ext}");
  CHECK(path("e3") == "newsroom/101-e3.jpg");
  CHECK(path("e1") == "newsroom/101.jpg");
  std::size_t files = 0;
  for (const auto& [name, bytes] : visible_files())
    if (name.ends_with(".jpg")) {
      ++files;
      CHECK(bytes == image_of(name.substr(9, 3)));
    }
  CHECK(files == 3);
}

TEST_CASE_FIXTURE(LayoutBench, "layout: names that two files exchange end where they should, and none is lost") {
  cycle_with("{account}/{license_type}/{asset_id}");
  provider.history[0].license_type = "x";
  cycle_with(kFlat);
  cycle_with("{account}/{license_type}/{asset_id}");
  cycle_with(kFlat);
  CHECK(visible_files().at("newsroom/scripted_101-huge.jpg") == image_of("101"));
  CHECK(visible_files().at("newsroom/scripted_102-huge.jpg") == image_of("102"));
  CHECK(visible_files().size() == 6);
}

TEST_CASE_FIXTURE(LayoutBench,
                  "P7 layout: what stands in the way is left alone, and the file where it was until it is gone") {
  cycle();
  fs::create_directories(dir.path() / "store/newsroom/scripted_101-huge.jpg/x");
  fs::create_directories(dir.path() / "store/newsroom/scripted_101-huge-e1.jpg");
  fs::create_symlink("/etc/passwd", dir.path() / "store/newsroom/scripted_102-huge.jpg");
  CHECK_FALSE(cycle_with(kFlat).error);
  CHECK(path("e1") == path_of("101"));
  CHECK(visible_files().at(path_of("101")) == image_of("101"));
  CHECK(path("e2") == "newsroom/scripted_102-huge-e2.jpg");
  CHECK(fs::is_symlink(dir.path() / "store/newsroom/scripted_102-huge.jpg"));
  fs::remove_all(dir.path() / "store/newsroom/scripted_101-huge.jpg");
  fs::remove_all(dir.path() / "store/newsroom/scripted_101-huge-e1.jpg");
  CHECK_FALSE(cycle_with(kFlat).error);
  CHECK(path("e1") == "newsroom/scripted_101-huge.jpg");
}

TEST_CASE_FIXTURE(LayoutBench, "layout: foreign files keep their folder") {
  cycle();
  std::ofstream(dir.path() / "store/newsroom/01/101/notes.txt") << "mine";
  cycle_with(kFlat);
  CHECK(there("newsroom/01/101/notes.txt"));
  CHECK_FALSE(there("newsroom/01/101/asset.json"));
  CHECK_FALSE(there("newsroom/02"));
}

TEST_CASE_FIXTURE(LayoutBench, "layout: an old name that is another file by now is not removed") {
  cycle();
  LayoutBook book(db());
  {
    Transaction tx(db());
    std::ofstream(dir.path() / "store/newsroom/other.jpg") << "mine";
    book.add_leftover("newsroom", {"newsroom/other.jpg", path_of("101")});
    book.add_leftover("newsroom", {"newsroom/plain.jpg", ""});
    std::ofstream(dir.path() / "store/newsroom/plain.jpg") << "mine";
    tx.commit();
  }
  cycle();
  CHECK(there("newsroom/other.jpg"));
  CHECK(there("newsroom/plain.jpg"));  // no sidecar: it could not be made again
  CHECK(book.leftovers("newsroom", 10).empty());
}

TEST_CASE_FIXTURE(LayoutBench, "layout: what is missing from the disk is fetched to its new place") {
  cycle();
  fs::remove(dir.path() / "store" / path_of("101"));
  cycle_with(kFlat);
  CHECK(path("e1") == "newsroom/scripted_101-huge.jpg");
  {
    Transaction tx(db());
    CatalogWriter(db()).put_verified(path("e1"), FileState::kMissing, clock.utc());
    tx.commit();
  }
  cycle();
  CHECK(visible_files().at("newsroom/scripted_101-huge.jpg") == image_of("101"));
}

TEST_CASE_FIXTURE(LayoutBench, "layout: asset.json of an asset without a file moves, too") {
  provider.add("103", "e3").downloadable = false;
  cycle();
  REQUIRE(there("newsroom/03/103/asset.json"));
  cycle_with(kFlat);
  CHECK(there("newsroom/103.asset.json"));
  CHECK_FALSE(there("newsroom/03"));
}

TEST_CASE_FIXTURE(LayoutBench, "layout: the record of an asset without licenses moves, too, and the plan says so") {
  AssetMetadata metadata;
  metadata.caption = "Listed for its metadata";
  provider.assets["555"] = metadata;
  provider.listed_assets = {"555"};
  cycle();
  REQUIRE(there("newsroom/55/555/asset.json"));
  plan.clear();
  Policy dry = policy;
  dry.dry_run = true;
  layout = *PathLayout::parse(kFlat);
  cycle(dry);
  std::vector<std::string> said;
  for (const auto& action : plan)
    if (action.asset_id == "555") said.push_back(action.action + " " + action.license_id + " " + action.detail);
  CHECK(said == std::vector<std::string>{"move  newsroom/55/555/asset.json -> newsroom/555.asset.json"});
  CHECK(plan.size() == 3);

  CHECK_FALSE(cycle_with(kFlat).error);
  CHECK(there("newsroom/555.asset.json"));
  CHECK_FALSE(there("newsroom/55"));
  CHECK(catalog().find_asset("newsroom", "555")->sidecar_path == "newsroom/555.asset.json");
}

}  // namespace damsync
