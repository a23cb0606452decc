#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.h"
#include "storage/model/event.h"
#include "sync/report/report_renderer.h"

namespace damsync {

/// A row of the catalog's chain of hashes.
struct ProofLink {
  std::string what;  ///< e.g. `license.added e123`
  std::int64_t seq = 0;
  std::string hash;
};

/// What one account holds of an asset.
struct ProofHolding {
  ReportHead head;
  std::vector<ReportLicense> licenses;
  std::vector<Finding> findings;
  std::map<std::string, std::string> raw;  ///< by license id: the provider's own words, as they were first said
  std::vector<Change> changes;             ///< of the asset, in order
  std::vector<ProofLink> chain;            ///< where those stand in the catalog's chain of hashes
};

/// Takes one asset's rows of a report into a holding.
class ProofCollector final : public ReportRenderer {
 public:
  explicit ProofCollector(ProofHolding& holding) : holding_(holding) {}

  Status begin(const ReportHead& head) override;
  Status license(const ReportLicense& row, std::span<const Finding> findings) override;
  Status finding(const Finding& finding) override;
  Status end(const ReportTotals& totals) override;

 private:
  ProofHolding& holding_;
};

/// Evidence for one asset as an object: canonical, so that the same state gives the same bytes. Pure.
Json proof_json(const std::string& provider, const std::string& asset_id, const std::vector<ProofHolding>& holdings);
/// The same as one self-contained page. Everything from outside is escaped. Pure.
std::string proof_page(const std::string& provider, const std::string& asset_id,
                       const std::vector<ProofHolding>& holdings);

/// `proof-<provider>-<asset id>`, with `_` for what a file name does not bear.
std::string proof_name(std::string_view provider, std::string_view asset_id);

}  // namespace damsync
