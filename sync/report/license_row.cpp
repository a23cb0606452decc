#include "sync/report/license_row.h"

#include <simdjson.h>

#include "storage/sqlite/database.h"

namespace damsync {
namespace {

namespace sj = simdjson::ondemand;

void take(sj::value value, std::string& into) {
  if (value.type().value() == sj::json_type::string) {
    into = value.get_string().value();
  } else if (value.type().value() == sj::json_type::number) {
    into = value.raw_json_token();
    while (!into.empty() && into.back() == ' ') into.pop_back();
  }
}

void take(sj::value value, std::optional<bool>& into) {
  if (value.type().value() == sj::json_type::boolean) into = value.get_bool().value();
}

void take(sj::value value, std::vector<std::string>& into) {
  if (value.type().value() != sj::json_type::array) return;
  for (auto element : value.get_array())
    if (sj::value item = element.value(); item.type().value() == sj::json_type::string)
      into.emplace_back(item.get_string().value());
}

const char* yes_or_no(bool value) { return value ? "yes" : "no"; }

/// A boolean of the provider, else its own words.
void set_release(std::string& out, const std::optional<bool>& said, const std::string& words) {
  if (said)
    out = yes_or_no(*said);
  else
    out = words;
}

}  // namespace

struct LicenseRowReader::Parser {
  sj::parser parser;
  std::string padded;

  template <class Visit>
  void each_member(std::string_view json, const Visit& visit) {
    padded.assign(json);
    padded.resize(json.size() + simdjson::SIMDJSON_PADDING);
    try {
      auto document = parser.iterate(padded.data(), json.size(), padded.size());
      for (auto field : document.get_object()) {
        const std::string_view key = field.unescaped_key();
        visit(key, field.value());
      }
    } catch (const simdjson::simdjson_error& error) {
      throw DatabaseError(ErrorCode::kDamaged, 0,
                          std::string("the catalog holds JSON that cannot be read: ") + error.what());
    }
  }
};

AgreementBook::AgreementBook(std::span<const Agreement> agreements, LocalDay day_of)
    : agreements_(agreements), day_of_(std::move(day_of)), used_(agreements.size()) {}

AgreementAnswer AgreementBook::find(const ReportLicense& row) {
  const AgreementKey key{row.account, row.license_type, row.agreement, row.subscription_id, row.licensed_at.at};
  const auto out = find_agreement(agreements_, key, day_of_);
  if (out.agreement != nullptr) used_[static_cast<std::size_t>(out.agreement - agreements_.data())] = true;
  return out;
}

std::vector<const Agreement*> AgreementBook::listed(bool used) const {
  std::vector<const Agreement*> out;
  for (std::size_t i = 0; i < agreements_.size(); ++i)
    if (used_[i] == used) out.push_back(&agreements_[i]);
  return out;
}

void UsageFacts::clear() {
  for (auto* text : {&title, &creator, &credit_line, &license_model, &usage_terms, &release_info}) text->clear();
  for (auto* flag : {&editorial, &adult, &ai_generated, &model_release, &property_release}) flag->reset();
  restrictions.clear();
  releases.clear();
  people = false;
}

LicenseRowReader::LicenseRowReader(AgreementBook& agreements)
    : agreements_(agreements), parser_(std::make_unique<Parser>()) {}
LicenseRowReader::~LicenseRowReader() = default;

void LicenseRowReader::read_facts(std::string_view metadata, UsageFacts& facts) {
  facts.clear();
  if (metadata.empty()) return;
  std::string caption, creator_id;
  parser_->each_member(metadata, [&](std::string_view key, sj::value value) {
    if (key == "title") return take(value, facts.title);
    if (key == "caption") return take(value, caption);
    if (key == "creator_name") return take(value, facts.creator);
    if (key == "creator_id") return take(value, creator_id);
    if (key == "credit_line") return take(value, facts.credit_line);
    if (key == "license_model") return take(value, facts.license_model);
    if (key == "usage_terms") return take(value, facts.usage_terms);
    if (key == "editorial") return take(value, facts.editorial);
    if (key == "adult") return take(value, facts.adult);
    if (key == "ai_generated") return take(value, facts.ai_generated);
    if (key == "has_model_release") return take(value, facts.model_release);
    if (key == "has_property_release") return take(value, facts.property_release);
    if (key == "restrictions") return take(value, facts.restrictions);
    if (key == "releases" || key == "model_release_ids") return take(value, facts.releases);
    if (key == "people") {
      std::vector<std::string> names;
      take(value, names);
      facts.people = !names.empty();
      return;
    }
    if (key != "extra" || value.type().value() != sj::json_type::object) return;
    for (auto field : value.get_object()) {
      const std::string_view name = field.unescaped_key();
      if (name == "release_info") take(field.value().value(), facts.release_info);
    }
  });
  if (facts.title.empty()) facts.title = std::move(caption);
  if (facts.creator.empty()) facts.creator = std::move(creator_id);
}

void LicenseRowReader::read_details(std::string_view details, ReportLicense& row) {
  for (auto* text : {&row.agreement, &row.subscription_id, &row.project, &row.purchase_order, &row.client, &row.price,
                     &row.currency, &row.licensed_model})
    text->clear();
  row.licensed_as_ai.reset();
  if (details.size() <= 2) return;
  std::string job;
  parser_->each_member(details, [&](std::string_view key, sj::value value) {
    if (key == "agreement") return take(value, row.agreement);
    if (key == "subscription_id") return take(value, row.subscription_id);
    if (key == "project") return take(value, row.project);
    if (key == "job") return take(value, job);
    if (key == "purchase_order") return take(value, row.purchase_order);
    if (key == "client") return take(value, row.client);
    if (key == "price") return take(value, row.price);
    if (key == "currency") return take(value, row.currency);
    if (key == "license_model") return take(value, row.licensed_model);
    if (key == "ai_generated") return take(value, row.licensed_as_ai);
  });
  if (row.project.empty()) row.project = std::move(job);
}

void LicenseRowReader::read(const AuditLicense& license, ReportLicense& row) {
  row.provider = license.provider;
  row.account = license.account;
  row.asset_id = license.asset_id;
  row.license_id = license.license_id;
  row.media_kind = license.media_kind;
  row.license_type = license.license_type;
  row.licensed_at.set(license.licensed_at);
  row.licensed_at_original = license.licensed_at_text;
  row.licensed_by = license.licensed_by;
  row.size = license.size;
  row.format = license.format;
  row.downloadable = license.downloadable;
  row.license_state = license.state;
  row.vanished_at.set(license.vanished_at);
  row.first_seen.set(license.first_seen_at);
  row.learned_at.set(license.learned_later ? std::optional(license.first_seen_at) : std::nullopt);
  row.taken_by_spend.clear();
  row.raw_sha256 = license.raw_sha256;
  row.path = license.path;
  row.bytes = license.bytes;
  row.sha256 = license.sha256;
  row.file_state = license.file_state;
  row.file_reason = license.file_reason;
  row.mirrored_at.set(license.mirrored_at);
  row.verified_at.set(license.verified_at);
  row.asset_state = license.asset_state;
  row.withdrawn_at.set(license.withdrawn_at);
  read_details(license.details, row);

  if (account_ != license.account || asset_id_ != license.asset_id) {
    account_ = license.account;
    asset_id_ = license.asset_id;
    read_facts(license.metadata, facts_);
  }
  put_facts(facts_, row);
  put_agreement(row);
  row.findings.clear();
}

void LicenseRowReader::put_facts(const UsageFacts& facts, ReportLicense& row) {
  row.title = facts.title;
  row.creator = facts.creator;
  row.credit_line = facts.credit_line;
  row.license_model = row.licensed_model.empty() ? facts.license_model : row.licensed_model;
  row.usage_terms = facts.usage_terms;
  row.editorial = facts.editorial;
  row.adult = facts.adult;
  row.ai_generated = facts.ai_generated ? facts.ai_generated : row.licensed_as_ai;
  row.restrictions = facts.restrictions;
  row.releases = facts.releases;
  set_release(row.model_release, facts.model_release, facts.release_info);
  set_release(row.property_release, facts.property_release, facts.release_info);
}

void LicenseRowReader::put_agreement(ReportLicense& row) {
  agreement_ = agreements_.find(row);
  static const Agreement kNone;
  const Agreement& a = agreement_.agreement != nullptr ? *agreement_.agreement : kNone;
  row.licensee = a.licensee;
  row.start = a.start ? format_date(*a.start) : std::string();
  row.end = a.end ? format_date(*a.end) : std::string();
  row.end_source = a.end ? "agreement" : "";
  row.terms_url = a.terms_url;
  row.terms_file = a.terms_file.native();
  row.terms_sha256 = a.terms_sha256;
}

}  // namespace damsync
