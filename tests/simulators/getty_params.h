#pragma once

#include <map>
#include <string>
#include <vector>

namespace damsync {

/// What the value of a query parameter may be, as the service's validation sees it.
using GettyRule = bool (*)(const std::string& value);
/// The parameters of one call and their rules; no other may be given, and none twice.
using GettyParams = std::map<std::string, GettyRule, std::less<>>;

namespace getty_rule {
bool any(const std::string& value);
/// `true` or `false`.
bool flag(const std::string& value);
/// A whole number of 32 bits.
bool number(const std::string& value);
/// As `number`, or nothing.
bool number_or_blank(const std::string& value);
bool file_type(const std::string& value);
bool product_type(const std::string& value);
/// A list of fields of images.
bool image_fields(const std::string& value);
/// A list of fields of products.
bool product_fields(const std::string& value);
}  // namespace getty_rule

/// The parts of `a,b,c`.
std::vector<std::string> split_list(const std::string& list);
/// Whether one of these fields of images is told only to those who carry a token.
bool needs_token(const std::vector<std::string>& fields);

}  // namespace damsync
