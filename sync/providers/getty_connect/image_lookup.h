#pragma once

#include <span>
#include <stop_token>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "sync/http/transport.h"
#include "sync/providers/page.h"

namespace damsync::getty_connect {

/// Asks about assets, one a call: the service takes no more.
///
/// Threads  any thread.
class ImageLookup {
 public:
  /// `transport` adds the token; it and `clock` outlive this object. An empty language is the service's own default.
  ImageLookup(Url base, std::string language, HttpTransport& transport, Clock& clock)
      : base_(std::move(base)), language_(std::move(language)), transport_(transport), clock_(clock) {}

  /// As `Provider::describe`.
  Result<Descriptions> describe(std::span<const std::string> ids, std::stop_token stop);

  /// One asset. Errors: kNotFound: the service does not have it (any more); kInvalid: its description cannot be used.
  Result<DescribedAsset> one(const std::string& id, std::stop_token stop);

 private:
  const Url base_;
  const std::string language_;
  HttpTransport& transport_;
  Clock& clock_;
};

}  // namespace damsync::getty_connect
