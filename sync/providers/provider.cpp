#include "sync/providers/provider.h"

namespace damsync {
namespace {

Error no_spending(const Provider& provider) {
  return make_error(ErrorCode::kRefusedByPolicy,
                    std::string(provider.name()) + " has no calls that use up quota: nothing is spent there");
}

}  // namespace

Result<AssetHistory> Provider::spent_on(const std::string&, std::stop_token) { return no_spending(*this); }

Status Provider::may_acquire(const License&, const AcquireOptions&, std::stop_token) { return no_spending(*this); }

Result<DownloadSource> Provider::acquire(SpendPermit, const License&, const AcquireOptions&, std::stop_token) {
  return no_spending(*this);
}

}  // namespace damsync
