#pragma once

#include <string_view>

namespace damsync {

/// The texts of `sync/report/texts/`, embedded at build time.
std::string_view report_schema_text();
std::string_view report_readme_text();
std::string_view report_page_text();    ///< mustache
std::string_view report_style_text();   ///< CSS
std::string_view report_script_text();  ///< JavaScript

}  // namespace damsync
