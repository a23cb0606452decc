#pragma once

#include <string>

#include "daemon/cli/exit_code.h"
#include "daemon/jobs/audit_job.h"
#include "storage/base/json.h"

namespace damsync {

/// What `audit` prints of a report that it wrote: the object of `--json`, and the text for people.
Json json_of(const AuditOutcome& done);
std::string text_of(const AuditOutcome& done);
ExitCode exit_code_of(const AuditOutcome& done) noexcept;

}  // namespace damsync
