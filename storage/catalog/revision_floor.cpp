#include "storage/catalog/revision_floor.h"

#include "storage/sqlite/statement.h"
#include "storage/sqlite/transaction.h"

namespace damsync {

void raise_revision_floor(Database& db, UtcTime now) {
  Transaction tx(db);
  Statement(db,
            "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE"
            " SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))")
      .bind_all(std::string(kRevisionFloor), std::to_string(to_millis(now)))
      .run();
  tx.commit();
}

}  // namespace damsync
