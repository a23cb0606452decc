#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "storage/base/json.h"

namespace damsync {

/// What a simulated provider has counted: compared with the mirror's own records at the end of a test.
struct SimBooks {
  std::map<std::string, std::int64_t> calls;        ///< by route, e.g. `GET /v2/images/licenses`
  std::map<int, std::int64_t> statuses;             ///< answers by status
  std::map<std::string, std::int64_t> redownloads;  ///< free downloads granted, by license
  std::map<std::string, std::int64_t> files;        ///< complete or partial file answers, by `image/size`
  std::map<std::string, std::int64_t>
      executions;  ///< downloads that used up quota, by asset, whatever became of the reply
  std::int64_t tokens_issued = 0;
  std::int64_t file_bytes = 0;                   ///< of file bodies, as answered (faults may cut them)
  std::int64_t purchases = 0;                    ///< ALARM: calls that would buy a license; must stay 0
  std::int64_t credentials_on_files = 0;         ///< file requests that carried an Authorization header
  std::map<std::string, std::int64_t> refusals;  ///< texts of 4xx answers, to see what a client did wrong

  [[nodiscard]] Json to_json() const;
};

}  // namespace damsync
