#include "storage/journal/change_journal.h"

#include "storage/base/json.h"
#include "storage/base/ulid.h"
#include "storage/catalog/revision_floor.h"
#include "storage/journal/audit_log.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

std::int64_t raise_revision(Database& db, const Change& change) {
  if (change.asset_id.empty()) return 0;
  Statement update(db,
                   "UPDATE asset SET revision = 1 + max(revision, coalesce((SELECT CAST(value AS INTEGER) FROM setting"
                   " WHERE key = ?), 0)) WHERE account = ? AND asset_id = ? RETURNING revision");
  if (!update.bind_all(std::string(kRevisionFloor), change.account, change.asset_id).step())
    throw DatabaseError(ErrorCode::kInternal, 0,
                        "change feed: " + change.account + " has no asset " + change.asset_id + " to report on");
  const auto revision = update.int64(0);
  update.run();
  return revision;
}

}  // namespace

Change ChangeJournal::append(Change change) {
  if (!db_.in_transaction())
    throw DatabaseError(ErrorCode::kInternal, 0, "change feed: a change was reported outside of its transaction");
  change.revision = raise_revision(db_, change);
  change.time = clock_.utc();
  change.id = make_ulid(change.time);
  const Json fields(Json::Array(change.fields.begin(), change.fields.end()));
  Statement insert(db_,
                   "INSERT INTO change (id, time, type, provider, account, asset_id, license_id, revision, fields)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq");
  insert.bind_all(change.id, change.time, to_word(change.type), change.provider, change.account, change.asset_id,
                  change.license_id, change.revision, write_json(fields));
  insert.step();
  change.seq = insert.int64(0);
  insert.run();
  AuditLog(db_).append_change(change);
  return change;
}

}  // namespace damsync
