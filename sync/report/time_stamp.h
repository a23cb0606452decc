#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "storage/base/result.h"
#include "sync/http/transport.h"

namespace damsync {

/// Asks a time-stamping authority to confirm that a text existed. The answer is kept as it came and is checked by stock
/// OpenSSL: `openssl ts -verify -in MANIFEST.json.tsr -data MANIFEST.json -CAfile authority.pem`.
///
/// Errors   what the transport refuses; kProtocol when the answer is no granted stamp of this very text.
/// Threads  those of the transport.
/// Source   RFC 3161 §2.4, §3.4.
class TimeStampAuthority {
 public:
  TimeStampAuthority(HttpTransport& transport, Url url) : transport_(transport), url_(std::move(url)) {}

  Result<std::string> stamp(std::string_view text, std::stop_token stop) const;

 private:
  HttpTransport& transport_;
  Url url_;
};

/// True when the answer of an authority is a granted stamp of exactly this text. Who signed it is not asked: that takes
/// the authority's certificate.
bool time_stamp_fits(std::string_view answer, std::string_view text);

}  // namespace damsync
