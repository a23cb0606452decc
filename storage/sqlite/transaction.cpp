#include "storage/sqlite/transaction.h"

#include "storage/base/crash_point.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/statement.h"

namespace damsync {

Transaction::Transaction(Database& db) : db_(db), alone_(db) { Statement(db_, "BEGIN IMMEDIATE").run(); }

Transaction::~Transaction() {
  // After a full disk, an I/O error or a lack of memory SQLite has already rolled back by itself.
  if (open_ && db_.in_transaction()) db_.rollback();
}

void Transaction::commit() {
  crash_point("tx.before_commit");
  Statement(db_, "COMMIT").run();
  open_ = false;
  crash_point("tx.after_commit");
}

}  // namespace damsync
