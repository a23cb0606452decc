#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "storage/files/file_store.h"
#include "storage/model/license.h"
#include "sync/http/transport.h"
#include "sync/providers/provider.h"
#include "sync/transfer/media_probe.h"

namespace damsync {

/// Rules for transfers of one account.
struct TransferLimits {
  std::int64_t min_free = 0;                      ///< bytes that must stay free in the store
  std::int64_t max_file = std::int64_t{2} << 30;  ///< bytes
  Millis deadline = std::chrono::minutes(30);     ///< for one request of a file
  int attempts = 4;                               ///< requests for one file before it is set aside
  Millis pause{500};                              ///< before the second attempt; doubles with each
  /// Told of every piece that arrived, by many threads; may wait, so that the transfers together keep a pace.
  std::function<Status(std::int64_t bytes, const std::stop_token&)> pace;
};

/// A complete, checked, sealed file that nobody can see yet.
struct Fetched {
  std::unique_ptr<StagedFile> staged;
  MediaFacts media;
};

/// Fetches the file of one license into the staging area, free of charge: asks for a URL, follows it, resumes what
/// was cut, asks again when the URL has expired, and checks what arrived.
///
/// Errors   kGone: will not be handed out; kInvalid: not the licensed file; kLowSpace; kStorage; kCancelled; the
///          transport's and the provider's own.
/// Threads  shared by all workers of an account.
class Downloader {
 public:
  Downloader(Provider& provider, HttpTransport& transport, FileStore& store, Clock& clock, TransferLimits limits)
      : provider_(provider), transport_(transport), store_(store), clock_(clock), limits_(limits) {}

  /// `paid`: where a file that was paid for can be had; the provider is then not asked for another place.
  Result<Fetched> fetch(const License& license, const std::vector<Rendition>& renditions, std::stop_token stop,
                        std::optional<DownloadSource> paid = std::nullopt);

 private:
  class Transfer;
  Status request(Transfer& transfer, const std::string& url, std::stop_token stop);

  Provider& provider_;
  HttpTransport& transport_;
  FileStore& store_;
  Clock& clock_;
  TransferLimits limits_;
};

}  // namespace damsync
