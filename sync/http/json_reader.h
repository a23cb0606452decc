#pragma once

#include <string_view>

#include "storage/base/json.h"
#include "storage/base/result.h"

namespace damsync {

struct JsonLimits {
  int max_depth = 32;
  std::size_t max_bytes = 16u << 20;
  std::size_t max_members = 200'000;  ///< keys of all objects together
  std::size_t max_elements = 1'000'000;
};

/// Parses one JSON document from outside, strictly (RFC 8259, UTF-8): no byte-order mark, no trailing bytes, no
/// duplicate keys, no lone surrogates. Numbers keep their text.
///
/// Errors   kProtocol, retryable, naming the kind of damage and its place; never the content.
/// Source   simdjson does the parsing.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace damsync
