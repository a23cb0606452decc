# Writes the texts of the report as functions of report_texts.h. The text is never taken as a CMake list.
set(text "#include \"sync/report/report_texts.h\"\n\nnamespace damsync {\n")
foreach(pair "schema=report.schema.json" "readme=README.txt" "page=report.mustache" "style=report.css" "script=report.js")
  string(REGEX MATCH "^([a-z]+)=(.+)$" matched "${pair}")
  file(READ "${FOLDER}/${CMAKE_MATCH_2}" content)
  string(APPEND text "\nstd::string_view report_${CMAKE_MATCH_1}_text() {\n  return R\"~text~(${content})~text~\";\n}\n")
endforeach()
string(APPEND text "\n}  // namespace damsync\n")
file(WRITE "${OUTPUT}" "${text}")
