#pragma once

#include <string>
#include <string_view>

#include "daemon/http/request.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"

namespace damsync {

/// An answer of the local endpoints.
struct WebAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
};

WebAnswer json_answer(const Json& value);
WebAnswer text_answer(int status, std::string text);
/// `application/problem+json`: what went wrong and what to do. Source: RFC 9457.
WebAnswer problem(int status, std::string_view detail);
inline WebAnswer problem(const WebRefusal& refusal) { return problem(refusal.status, refusal.why); }

enum class AnswerPart { kWhole, kHeadOnly };
/// The bytes of the answer, head first. Every answer ends its connection, may be kept by nobody, and is nothing that a
/// browser should run or show within another site.
std::string serialize(const WebAnswer& answer, AnswerPart part, UtcTime now);

}  // namespace damsync
