#include <doctest/doctest.h>

#include "sync/pipeline/verify.h"
#include "tests/support/cycle_bench.h"

namespace damsync {

TEST_CASE_FIXTURE(CycleBench, "verify: the progress of a sample counts up to the sample, not to the whole store") {
  for (int i = 0; i < 10; ++i) provider.add(std::to_string(101 + i), "e" + std::to_string(i));
  cycle();
  REQUIRE(files("mirrored").size() == 10);
  std::vector<std::pair<std::int64_t, std::int64_t>> told;
  const ProgressSink progress = [&](const Progress& p) { told.emplace_back(p.done, p.total); };
  CatalogWriter writer(db());
  VerifyOptions options;
  options.sample = 0.2;

  REQUIRE(Verifier({db(), catalog(), writer, store(), clock, progress}).run(options, {}).ok());

  CHECK(told == std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 2}, {2, 2}});
}

}  // namespace damsync
