#pragma once

#include <memory>

#include "storage/base/result.h"
#include "sync/http/resolver.h"
#include "sync/http/transport.h"
#include "sync/http/transport_settings.h"

namespace damsync {

/// The transport over real sockets. Poco connects, encrypts and writes requests; answers are read by our own strict
/// code, because Poco 1.11 takes cut bodies for whole ones.
///
/// Ignores SIGPIPE for the process unless somebody handles it. Proxies for https come from `https_proxy` and
/// `no_proxy`.
///
/// Errors   kSettings: an unreadable CA file or an unusable proxy URL.
/// Threads  the transport is shared by all workers of an account; up to `max_idle_per_origin` connections an origin are
///          kept for 30 s.
Result<std::unique_ptr<HttpTransport>> make_poco_transport(TransportSettings settings, Lookup lookup = system_lookup);

}  // namespace damsync
