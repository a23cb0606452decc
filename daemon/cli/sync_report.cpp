#include "daemon/cli/sync_report.h"

#include <fmt/format.h>

#include "storage/base/text.h"
#include "storage/base/units.h"

namespace damsync {
namespace {

std::string text_of(const AccountSummary& a) {
  std::string out = fmt::format("{} ({}): {}\n", a.name, a.provider,
                                a.error                ? "not finished"
                                : a.files_failed > 0   ? "incomplete"
                                : a.items_rejected > 0 ? fmt::format("in step, {} items set aside", a.items_rejected)
                                                       : "in step");
  out +=
      fmt::format("  licenses  {} seen, {} new, {} vanished\n", a.licenses_seen, a.licenses_new, a.licenses_vanished);
  out += fmt::format("  assets    {} updated, {} withdrawn\n", a.assets_updated, a.assets_withdrawn);
  out += fmt::format("  files     {} mirrored ({}), {} failed or deferred, {} blocked\n", a.files_mirrored,
                     format_size(a.bytes), a.files_failed, a.files_blocked);
  if (a.items_rejected > 0)
    out += fmt::format("  set aside {} unusable items; the log named each when it was met\n", a.items_rejected);
  out += fmt::format("  calls     {} free, {} spending\n", a.calls_free, a.calls_spending);
  if (a.error) out += fmt::format("  error     {}\n", printable(a.error->message));
  return out;
}

}  // namespace

std::string text_of(const RunSummary& run) {
  std::string out;
  for (const auto& account : run.accounts) out += text_of(account);
  out += fmt::format("{} in {}", run.ok ? "done" : "done, with leftovers",
                     format_duration(run.finished_at - run.started_at));
  return out + (run.run_id.empty() ? "\n" : fmt::format(", run {}\n", run.run_id));
}

}  // namespace damsync
