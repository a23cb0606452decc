#include "sync/deliver/wanted.h"

#include "storage/journal/outbox.h"
#include "sync/deliver/event_body.h"

namespace damsync {
namespace {

constexpr std::int64_t kRead = 1024;

EventFacts facts_of(const Change& change) {
  return {to_word(change.type), change.account, change.asset_id, change.fields};
}

}  // namespace

bool wants_change(Database& db, const EventFilter& filter, const Change& change, ChangeDetails& details) {
  const EventFacts facts = facts_of(change);
  if (!may_want(filter, facts)) return false;
  details = read_details(db, change);
  return wants(filter, facts, subject_of(change, details));
}

std::int64_t count_wanted(Database& db, const EventFilter& filter, std::int64_t position) {
  const bool asks_details = filter.editorial || !filter.license_types.empty();
  const Outbox outbox(db);
  std::int64_t count = 0;
  for (auto changes = outbox.changes_after(position, kRead); !changes.empty();
       changes = outbox.changes_after(changes.back().seq, kRead))
    for (const Change& change : changes) {
      ChangeDetails details;
      count += asks_details ? wants_change(db, filter, change, details) : may_want(filter, facts_of(change));
    }
  return count;
}

}  // namespace damsync
