#pragma once

#include <stop_token>

#include "storage/model/license.h"
#include "sync/providers/page.h"
#include "sync/providers/shutterstock/shutterstock_api.h"

namespace damsync::shutterstock {

/// Asks for the URL of a file that is already licensed. Free by contract (scope `licenses.view`), so it may be
/// repeated.
///
/// Errors   kUnauthorized: the token lacks the scope or the route; kGone: this license cannot be downloaded, with the
///          service's words; retryable ones.
Result<DownloadSource> redownload(ShutterstockApi& api, const License& license, std::stop_token stop);

}  // namespace damsync::shutterstock
