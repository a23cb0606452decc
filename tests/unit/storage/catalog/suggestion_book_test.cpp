#include "storage/catalog/suggestion_book.h"

#include <doctest/doctest.h>

#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

struct BookBench : CycleBench {
  BookBench() {
    for (const char* id : {"1", "2", "3"}) provider.add(id, std::string("l-") + id);
    REQUIRE_FALSE(cycle().error);
  }
  void withdraw(const std::string& id) {
    Transaction tx(db());
    CatalogWriter(db()).set_withdrawn("newsroom", id, clock.utc());
    tell(EventType::kAssetWithdrawn, id);
    tx.commit();
  }
  void put(const std::string& id, const std::vector<Suggestion>& suggestions) {
    Transaction tx(db());
    book().put("newsroom", id, suggestions, clock.utc());
    tx.commit();
  }
  void fail(const std::string& id) {
    Transaction tx(db());
    book().note_failure("newsroom", id, clock.utc());
    tx.commit();
  }
  std::vector<std::string> unread() { return book().unread("newsroom", clock.utc(), 10); }
  SuggestionBook book() { return SuggestionBook(db()); }
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(BookBench, "suggestion book: those of an asset are replaced as a whole and keep their order") {
  const std::vector<Suggestion> three = {{"9", "Nine", "same series"}, {"8", "", "similar"}, {"7", "Seven", "similar"}};
  put("1", three);
  CHECK(book().of("newsroom", "1") == three);
  CHECK(book().read_at("newsroom", "1") == clock.utc());
  put("1", {{"7", "Seven", "similar"}});
  CHECK(book().of("newsroom", "1").size() == 1);
  CHECK(book().of("newsroom", "2").empty());
  CHECK_FALSE(book().read_at("newsroom", "2"));
}

TEST_CASE_FIXTURE(BookBench, "suggestion book: an asset is unread from its withdrawal until it is read, each time") {
  CHECK(unread().empty());
  withdraw("1");
  withdraw("2");
  CHECK(unread() == Ids{"1", "2"});
  put("1", {});
  CHECK(unread() == Ids{"2"});
  clock.advance(std::chrono::hours(1));
  {
    Transaction tx(db());
    db().execute("UPDATE asset SET state = 'active', withdrawn_at = NULL WHERE asset_id = '1'");
    tell(EventType::kAssetRestored, "1");
    tx.commit();
  }
  withdraw("1");
  CHECK(unread() == Ids{"2", "1"});
}

TEST_CASE_FIXTURE(BookBench, "suggestion book: what failed waits and lets the others go first") {
  for (const char* id : {"1", "2", "3"}) withdraw(id);
  fail("1");
  CHECK(book().unread("newsroom", clock.utc() - Millis(1), 10) == Ids{"2", "3"});
  CHECK(unread() == Ids{"2", "3", "1"});
  CHECK(book().unread("newsroom", clock.utc(), 1) == Ids{"2"});
  CHECK_FALSE(book().read_at("newsroom", "1"));
}

}  // namespace damsync
