#include "sync/pipeline/suggestion_reading.h"

#include <doctest/doctest.h>

#include "storage/catalog/suggestion_book.h"
#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

class ScriptedSuggestions final : public SuggestionSource {
 public:
  Result<std::vector<Suggestion>> suggestions(const std::string& asset_id, std::stop_token) override {
    asked.push_back(asset_id);
    if (error) return *error;
    return std::vector<Suggestion>{{"9" + asset_id, "Boats", "same series"}};
  }
  std::vector<std::string> asked;
  std::optional<Error> error;
};

struct ReadingBench : CycleBench {
  explicit ReadingBench(int assets = 30) {
    for (int i = 0; i < assets; ++i) provider.listed_assets.push_back(std::to_string(100 + i));
    for (const auto& id : provider.listed_assets) provider.assets[id].caption = "Picture " + id;
    REQUIRE_FALSE(cycle().error);
  }
  void withdraw(const std::string& id) {
    Transaction tx(db());
    CatalogWriter(db()).set_withdrawn("newsroom", id, clock.utc());
    tell(EventType::kAssetWithdrawn, id);
    tx.commit();
  }
  std::size_t read() {
    source.asked.clear();
    read_suggestions(db(), "newsroom", source, clock, quiet, {});
    return source.asked.size();
  }
  ScriptedSuggestions source;
  Redactor redactor_of_quiet;
  Log quiet{-1, clock, redactor_of_quiet};
};

}  // namespace

TEST_CASE_FIXTURE(ReadingBench, "suggestions: they are asked for once, when an asset is withdrawn") {
  CHECK(read() == 0);
  withdraw("101");
  CHECK(read() == 1);
  CHECK(SuggestionBook(db()).of("newsroom", "101") == std::vector<Suggestion>{{"9101", "Boats", "same series"}});
  clock.advance(std::chrono::hours(24 * 30));
  CHECK(read() == 0);
}

TEST_CASE_FIXTURE(ReadingBench, "suggestions: many withdrawals are asked about over several cycles") {
  for (const auto& id : provider.listed_assets) withdraw(id);
  CHECK(read() == 20);
  CHECK(read() == 10);
  CHECK(read() == 0);
}

TEST_CASE_FIXTURE(ReadingBench, "suggestions: a failure is tried again after an hour, and some end the reading") {
  for (const char* id : {"101", "102", "103", "104"}) withdraw(id);
  source.error = retryable(ErrorCode::kUnavailable, "no answer");
  CHECK(read() == 3);
  CHECK(SuggestionBook(db()).of("newsroom", "101").empty());
  source.error.reset();
  CHECK(read() == 1);
  CHECK(source.asked == std::vector<std::string>{"104"});
  clock.advance(std::chrono::minutes(61));
  CHECK(read() == 3);
  CHECK(SuggestionBook(db()).of("newsroom", "101").size() == 1);
}

}  // namespace damsync
