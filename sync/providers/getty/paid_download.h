#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/result.h"
#include "storage/model/license.h"
#include "sync/providers/getty/getty_api.h"
#include "sync/providers/getty/getty_wire.h"
#include "sync/providers/provider.h"

namespace damsync::getty {

/// How long the address of a file works. Source: README.md of this folder.
inline constexpr std::chrono::hours kUriValid{24};

/// What a spending call says where the license it is made for does not.
struct DownloadDefaults {
  std::string product_id = {};
  std::string product_type = {};
  std::string project_code = {};
  std::string notes = {};
  std::string file_type = {};  ///< `jpg` or `eps`; empty: the service's choice
  std::int64_t height = 0;     ///< pixels; 0: the largest
};

/// The product that pays for another download of what a license covers, of the active ones: the one it was downloaded
/// under, the only one of the same type, the one that the settings name, the only one of the type they name. Pure.
///
/// Errors   kRefusedByPolicy: there is none (the message names those there are), its downloads are used up or not
/// known,
///          or it requires a project code that neither license nor settings have.
Result<Product> paying_product(const License& license, const std::vector<Product>& products,
                               const DownloadDefaults& defaults);

/// The query of the spending call. Pure.
///
/// Errors   kRefusedByPolicy: the license tells a size whose height is not known; a call without one gets the largest,
///          which may cost more than was licensed.
Result<QueryParams> paid_query(const License& license, const Product& product, const std::vector<Rendition>& renditions,
                               const DownloadDefaults& defaults);

/// The body of the spending call: project code and notes. Notes are sent where license, settings or product want
/// some, and then name the row of our ledger, so that the service's history tells which call it was. Pure.
std::string paid_body(const License& license, const Product& product, const std::string& reference,
                      const DownloadDefaults& defaults);

/// What the answer to the spending call says. Pure.
///
/// Errors   a documented refusal keeps its status; everything else is kUnknownOutcome: a redirect, a server's trouble,
/// a
///          page, an answer without an address.
Result<DownloadSource> read_paid_answer(const HttpResponse& response, const License& license, UtcTime now);

/// Asks for a file in the one way that uses up quota.
///
/// Threads  any; `ask` must follow `prepare` for the same license.
class PaidDownload {
 public:
  PaidDownload(GettyApi& api, DownloadDefaults defaults) : api_(api), defaults_(std::move(defaults)) {}

  /// Chooses what to ask for and who pays, and remembers it for `ask`.
  Status prepare(const License& license, const std::vector<Product>& products, const AcquireOptions& options);
  Result<DownloadSource> ask(SpendPermit permit, const License& license, std::stop_token stop);

 private:
  struct Prepared {
    std::string license_id;
    Product product;
    QueryParams query;
  };

  GettyApi& api_;
  DownloadDefaults defaults_;
  std::mutex mutex_;
  std::optional<Prepared> prepared_;
};

}  // namespace damsync::getty
