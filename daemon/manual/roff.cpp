#include "daemon/manual/roff.h"

namespace damsync {

std::string roff_text(std::string_view text) {
  std::string out;
  bool bold = false, line_begins = true;
  for (const char c : text) {
    if (c == '`') {
      bold = !bold;
      out += bold ? "\\fB" : "\\fR";
      line_begins = false;
      continue;
    }
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      default: out += c;
    }
  }
  if (bold) out += "\\fR";
  return out;
}

}  // namespace damsync
