#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/integration/desk.h"

namespace damsync {

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A desk whose reports lie beside its store.
struct AuditDesk : Desk {
  explicit AuditDesk(int images = 3, const std::string& more = "") : Desk(images) { settings(more); }

  void settings(const std::string& more) {
    std::filesystem::create_directory(dir.path() / "conf.d");
    write_file("conf.d/audit.toml", "[audit]\ndirectory = \"" + reports().string() + "\"\n" + more);
  }
  [[nodiscard]] std::filesystem::path reports() const { return dir.path() / "reports"; }

  /// `audit --json` and what it printed.
  Json audit(const Words& more = {}, int exit_code = 0) {
    Words words = {"audit", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = damsync(words);
    CHECK_MESSAGE(result.exit_code == exit_code, result.err);
    const auto lines = lines_of(result.out);
    REQUIRE(lines.size() == 1);
    return lines[0];
  }
  ProgramResult verify(const Words& folder = {}) {
    Words words = {"audit", "verify"};
    words.insert(words.end(), folder.begin(), folder.end());
    return damsync(words);
  }
  [[nodiscard]] static std::int64_t open(const Json& audit, const char* code) {
    const Json* count = member(audit, "findings").find(code);
    return count == nullptr ? 0 : number(*count, "open");
  }
};

}  // namespace damsync
