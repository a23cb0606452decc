#include "sync/pipeline/run.h"

#include "sync/pipeline/file_work.h"
#include "sync/pipeline/layout_work.h"
#include "sync/pipeline/losses.h"
#include "sync/pipeline/metadata_work.h"
#include "sync/pipeline/observe.h"
#include "sync/pipeline/severity.h"
#include "sync/pipeline/sidecar_work.h"

namespace damsync {

void SyncRun::run(std::stop_token stop) {
  Observer observer(cycle_);
  MetadataWork metadata(cycle_);
  SidecarWork sidecars(cycle_);
  FileWork files(cycle_, sidecars);
  LayoutWork layout(cycle_, sidecars);

  const bool pays = !cycle_.provider.capabilities().free_refetch && !cycle_.policy.dry_run;
  if (pays && !halted(stop)) note(files.settle(stop));               // what became of what was paid for?
  for (const auto& stream : cycle_.provider.capabilities().streams)  // what is new?
    if (!halted(stop)) note(observer.observe(stream, stop));

  if (!halted(stop)) metadata.want_rechecks();
  if (!halted(stop)) note(metadata.run(stop));    // what is it?
  if (!halted(stop)) note(apply_losses(cycle_));  // what is gone?

  if (cycle_.policy.dry_run) {
    layout.plan();
    files.plan();
    return;
  }
  if (!halted(stop)) note(layout.run(stop));    // where does it belong?
  if (!halted(stop)) note(files.run(stop));     // get it
  if (!halted(stop)) note(sidecars.run(stop));  // and say so beside it
}

/// Keeps the gravest error; all were met in this cycle, one is reported. Its words may be the provider's, and a
/// provider may quote our own credentials.
void SyncRun::note(const Status& outcome) {
  if (outcome) return;
  const Error& error = outcome.error();
  if (error.code != ErrorCode::kCancelled)
    cycle_.log.debug("sync.step_failed",
                     {{"account", cycle_.account}, {"code", to_word(error.code)}, {"reason", error.message}});
  Error told = error;
  told.message = cycle_.log.redactor().redact(error.message);
  keep_gravest(cycle_.summary.error, std::move(told));
}

/// Without a usable store or with a stop asked for, nothing more is begun.
bool SyncRun::halted(std::stop_token stop) const {
  const auto& error = cycle_.summary.error;
  return stop.stop_requested() || (error && error->code == ErrorCode::kStorage);
}

}  // namespace damsync
