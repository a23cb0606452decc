#pragma once

#include <set>
#include <string>
#include <unordered_set>

#include "sync/pipeline/commit.h"
#include "sync/pipeline/cycle.h"

namespace damsync {

/// Reads the streams of one account and commits them page by page: first the catalog knows, then anything is done about
/// it. A slow file never delays an observation, and a crash loses none.
class Observer {
 public:
  explicit Observer(Cycle& cycle) : cycle_(cycle), committer_(cycle) {}

  /// Polls one stream from its cursor to its end.
  /// Errors: the provider's; pages before the failure are committed, and the next poll goes on behind them.
  Status observe(const std::string& stream, std::stop_token stop);

 private:
  [[nodiscard]] bool wants_full_listing(const StreamRow& row) const;
  Status poll_all(StreamRow row, const std::string& scan_id, std::stop_token stop);
  Status find_missing(const Page& page, PagePosition listed, std::stop_token stop);
  void count(const Page& page);
  void warn_of_doubt(const std::string& stream, const std::string& why);

  Cycle& cycle_;
  Committer committer_;
  std::unordered_set<std::size_t> seen_;  ///< hashes of the license ids seen in this cycle
  std::set<std::string> unusable_;        ///< keys of what this cycle could not use
};

}  // namespace damsync
