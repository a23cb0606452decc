#include "sync/pipeline/leftovers.h"

#include <cstdint>
#include <vector>

#include "storage/base/crash_point.h"
#include "storage/catalog/layout_book.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

constexpr std::size_t kPerBatch = 256;

}  // namespace

Status clear_leftovers(Cycle& cycle) {
  LayoutBook book(cycle.db);
  std::int64_t done = 0;
  for (auto rows = book.leftovers(cycle.account, kPerBatch); !rows.empty();
       rows = book.leftovers(cycle.account, kPerBatch)) {
    std::vector<FileStore::Surplus> surplus;
    for (const auto& row : rows)
      if (!book.in_use(row.path)) surplus.push_back({row.path, row.twin});
    const auto dropped = cycle.store->drop_names(surplus);
    if (!dropped) return dropped.error();
    for (const auto& outcome : *dropped)
      if (!outcome)
        cycle.log.warning("layout.name_stays", {{"account", cycle.account}, {"reason", outcome.error().message}});
    crash_point("layout.dropped");
    Transaction tx(cycle.db);
    for (const auto& row : rows) book.clear_leftover(cycle.account, row.path);
    tx.commit();
    done += static_cast<std::int64_t>(rows.size());
    if (cycle.progress) cycle.progress({cycle.account, "leftovers", done, 0, 0});
  }
  return {};
}

}  // namespace damsync
