#pragma once

namespace damsync {

class Database;

/// Gives back the pages that a connection keeps at hand; the next reads fetch what they need again.
///
/// Threads  any; waits for whoever has the connection.
/// Source   https://sqlite.org/c3ref/db_release_memory.html
void release_memory(Database& db);

}  // namespace damsync
