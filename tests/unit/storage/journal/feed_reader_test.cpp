#include "storage/journal/feed_reader.h"

#include <doctest/doctest.h>

#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

struct FeedBench : CatalogBench {
  FeedBench() { upsert(sample_license("l-1")); }

  void add(int changes) {
    for (int i = 0; i < changes; ++i) {
      clock.advance(std::chrono::seconds(1));
      commit([&] { journal.append(sample_change(EventType::kAssetUpdated)); });
    }
  }

  [[nodiscard]] std::vector<std::int64_t> positions(const std::string& cursor, std::size_t limit = 100) const {
    std::vector<std::int64_t> out;
    const auto page = feed.read(cursor, limit).value();
    for (const auto& change : page.changes) out.push_back(change.seq);
    return out;
  }

  FeedReader feed{*db};
};

using Positions = std::vector<std::int64_t>;

}  // namespace

TEST_CASE_FIXTURE(FeedBench, "feed reader: an empty feed can be followed from its beginning") {
  const auto nothing = feed.read("", 10).value();
  CHECK(nothing.changes.empty());
  CHECK_FALSE(nothing.more);
  CHECK(feed.head() == 0);
  add(1);
  CHECK(positions(nothing.next) == Positions{1});
}

TEST_CASE_FIXTURE(FeedBench, "feed reader: pages of any size give every change once, in order") {
  add(7);
  for (const std::size_t limit : {1u, 2u, 3u, 7u, 8u}) {
    std::string cursor;
    Positions seen;
    for (bool more = true; more;) {
      const auto page = feed.read(cursor, limit).value();
      CHECK(page.changes.size() <= limit);
      CHECK_FALSE(page.changes.empty());
      for (const auto& change : page.changes) seen.push_back(change.seq);
      cursor = page.next;
      more = page.more;
    }
    CHECK(seen == Positions{1, 2, 3, 4, 5, 6, 7});
    const auto end = feed.read(cursor, limit).value();
    CHECK(end.changes.empty());
    CHECK(end.next == cursor);
  }
}

TEST_CASE_FIXTURE(FeedBench, "feed reader: a cursor can be had for a position and for a time") {
  const auto begin = now();
  add(3);
  CHECK(positions(feed.cursor_behind(0).value()) == Positions{1, 2, 3});
  CHECK(positions(feed.cursor_behind(2).value()) == Positions{3});
  CHECK(feed.cursor_behind(4).error().code == ErrorCode::kGone);
  CHECK(feed.cursor_behind(-1).error().code == ErrorCode::kGone);
  CHECK(positions(feed.cursor_at(begin)) == Positions{1, 2, 3});
  CHECK(positions(feed.cursor_at(begin + std::chrono::seconds(2))) == Positions{2, 3});
  CHECK(positions(feed.cursor_at(begin + std::chrono::seconds(4))).empty());
}

TEST_CASE_FIXTURE(FeedBench, "K1 feed reader: a clock that was set back hides no change from those who ask by time") {
  add(2);
  const auto asked = now();
  clock.set_utc(asked - std::chrono::hours(1));
  add(2);
  CHECK(positions(feed.cursor_at(asked)) == Positions{2, 3, 4});
}

TEST_CASE_FIXTURE(FeedBench, "feed reader: a cursor of another catalog is refused, not silently taken") {
  add(3);
  FeedBench other;
  other.add(5);
  const auto foreign = other.feed.cursor_behind(2).value();
  CHECK(feed.read(foreign, 10).error().code == ErrorCode::kGone);
  CHECK(other.feed.read(foreign, 10).ok());
}

TEST_CASE_FIXTURE(FeedBench, "feed reader: a cursor from before a restore is refused once its changes are not there") {
  add(2);
  const auto before_backup = feed.cursor_behind(2).value();
  auto restored = CatalogBench(Database::open_copy("/nonexistent"));
  restored.upsert(sample_license("l-1"));
  {
    // The backup: the same two rows.
    Transaction tx(*restored.db);
    const auto page = feed.read("", 10).value();
    for (const auto& change : page.changes) {
      Statement(*restored.db,
                "INSERT INTO change (seq, id, time, type, provider, account, asset_id, license_id, revision, fields)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '[]')")
          .bind_all(change.seq, change.id, change.time, to_word(change.type), change.provider, change.account,
                    change.asset_id, change.license_id, change.revision)
          .run();
      Statement(*restored.db, "UPDATE asset SET revision = revision + 1").run();
    }
    tx.commit();
  }
  add(2);
  const auto after_backup = feed.cursor_behind(4).value();
  const FeedReader old(*restored.db);
  CHECK(old.read(before_backup, 10).ok());
  CHECK(old.read(after_backup, 10).error().code == ErrorCode::kGone);  // beyond its head
  restored.clock.advance(std::chrono::hours(1));
  for (int i = 0; i < 4; ++i)
    restored.commit([&] { restored.journal.append(sample_change(EventType::kAssetUpdated)); });
  CHECK(old.head() == 6);
  CHECK(old.read(after_backup, 10).error().code == ErrorCode::kGone);  // another change stands in its place
  CHECK(old.read(before_backup, 10).value().changes.size() == 4);
}

TEST_CASE_FIXTURE(FeedBench, "C4 feed reader: what is no cursor is said to be none") {
  add(1);
  const auto id = feed.read("", 1).value().changes.front().id;
  for (const std::string& text :
       {std::string("1"), std::string("c"), std::string("c1"), std::string("c-"), "c-" + id, "c01-" + id, "c-1-" + id,
        "c1-" + id.substr(1), "c1-" + id + "0", "c1-" + std::string(26, 'x'), "c9999999999999999999-" + id, "C1-" + id,
        " c1-" + id, "c1-" + id + "\n", std::string("c00"), std::string(100'000, 'c'), std::string("c1\0-", 4) + id}) {
    CAPTURE(text.substr(0, 60));
    CHECK(feed.read(text, 10).error().code == ErrorCode::kUsage);
    CHECK_FALSE(is_feed_cursor(text));
  }
  CHECK(is_feed_cursor("c1-" + id));
  CHECK(is_feed_cursor("c0"));
  CHECK_FALSE(is_feed_cursor(""));
}

}  // namespace damsync
