#pragma once

#include <string>

#include "storage/journal/audit_log.h"

namespace damsync {

class Statement;

/// The hash of a row behind the one with the hash `previous`.
std::string audit_row_hash(const std::string& previous, const AuditRow& row);

/// The number in `reference`; 0 when it is none.
std::int64_t audit_reference(const AuditRow& row);

/// A row of `SELECT seq, time, kind, reference, detail, digest, hash FROM audit_log`.
AuditRow read_audit_row(const Statement& row);

}  // namespace damsync
