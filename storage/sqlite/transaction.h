#pragma once

#include <mutex>

namespace damsync {

class Database;

/// `BEGIN IMMEDIATE` now; rolled back unless `commit` was reached. (`Poco::Data::Session::begin` is DEFERRED.)
///
/// Errors   the constructor and `commit` throw `DatabaseError`; the destructor never throws.
/// Threads  the others of the connection wait until it is over.
/// Durable  when `commit` returns, the rows survive a power cut (WAL, synchronous=FULL).
class Transaction {
 public:
  explicit Transaction(Database& db);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Database& db_;
  std::unique_lock<Database> alone_;
  bool open_ = true;
};

}  // namespace damsync
