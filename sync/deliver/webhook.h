#pragma once

#include <memory>
#include <string>

#include "storage/base/result.h"
#include "storage/base/secret.h"
#include "sync/deliver/receiver.h"
#include "sync/http/poco_transport.h"
#include "sync/http/transport_settings.h"

namespace damsync {

/// A receiver by signed HTTP POST, with its secrets in place.
struct WebhookTarget {
  std::string name;
  Url url;
  Secret secret;           ///< whsec_...
  Secret previous_secret;  ///< signs besides while it is set; may be empty
  EventFilter filter;
  OwnNetwork own_network = OwnNetwork::kRefused;
  std::string ca_file;        ///< PEM, besides the system's; empty: none
  Millis time_limit{15'000};  ///< of one call, from the name to the last byte of the answer
};

/// A webhook by CloudEvents 1.0 and Standard Webhooks. Every status 2xx is a delivery, 410 ends them all, 408, 429, 5xx
/// and no answer are failures of the receiver, every other status refuses the event; redirects are not followed, and no
/// more than 4 KiB of an answer are read.
///
/// Errors   kSettings: a secret of another form, an unreadable CA file.
/// Source   Standard Webhooks 1.0; CloudEvents 1.0.2, HTTP protocol binding (structured content mode).
Result<std::unique_ptr<Receiver>> make_webhook(WebhookTarget target, const Clock& clock, Lookup lookup = system_lookup);

}  // namespace damsync
