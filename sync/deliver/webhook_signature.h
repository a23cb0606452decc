#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "storage/base/secret.h"

namespace damsync {

/// The key inside a webhook secret: the bytes behind `whsec_`, which are base64.
///
/// Errors   kSettings for any other form, or fewer than 16 bytes; the message never shows the secret.
/// Source   Standard Webhooks 1.0, "Signature scheme".
Result<Secret> webhook_key(const Secret& secret);

/// The value of `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, once for every key,
/// separated by blanks.
///
/// Units    `timestamp` in seconds since 1970-01-01, as sent.
std::string webhook_signature(const std::vector<Secret>& keys, std::string_view id, std::string_view timestamp,
                              std::string_view body);

}  // namespace damsync
