#include "storage/catalog/stored_json.h"

#include <simdjson.h>

#include "storage/sqlite/database.h"

namespace damsync {
namespace {

namespace sj = simdjson::ondemand;

std::string_view trimmed(std::string_view token) {
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
    token.remove_suffix(1);
  return token;
}

Json convert(sj::value value) {
  switch (value.type()) {
    case sj::json_type::object: {
      auto out = Json::object();
      for (auto field : value.get_object()) {
        std::string key(std::string_view(field.unescaped_key()));
        out.if_object()->emplace_back(std::move(key), convert(field.value()));
      }
      return out;
    }
    case sj::json_type::array: {
      auto out = Json::array();
      for (auto item : value.get_array()) out.push(convert(item.value()));
      return out;
    }
    case sj::json_type::string: return Json(std::string_view(value.get_string()));
    case sj::json_type::number: return Json(Json::Number{std::string(trimmed(value.raw_json_token()))});
    case sj::json_type::boolean: return Json(bool(value.get_bool()));
    case sj::json_type::null: return Json();
  }
  return Json();
}

}  // namespace

Json parse_stored_json(std::string_view text) {
  if (text == "{}") return Json::object();
  if (text == "[]") return Json::array();
  try {
    sj::parser parser;
    const simdjson::padded_string padded(text);
    auto document = parser.iterate(padded);
    return convert(document.get_value());
  } catch (const simdjson::simdjson_error& error) {
    throw DatabaseError(ErrorCode::kDamaged, 0,
                        std::string("the catalog holds a value that is not JSON (") + error.what() +
                            "): restore a backup with `damsync db restore FILE`");
  }
}

}  // namespace damsync
