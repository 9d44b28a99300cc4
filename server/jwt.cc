#include "server/jwt.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "engram/v1/value.pb.h"
#include "server/base64url.h"
#include "server/credential.h"

namespace engram {
namespace {

constexpr size_t kSubjectMax = 255;
constexpr int kNamespacesMax = 100;
constexpr double kLatestTime = 253'402'300'799;  // the end of the year 9999
// Where a token would have us look for its key, and what it would have us understand (RFC 7515, 4.1.2
// to 4.1.6, 4.1.11).
constexpr std::array<std::string_view, 7> kRefusedMembers = {"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip"};

using Members = google::protobuf::Map<std::string, v1::Value>;

Status Refused(std::string_view why) { return {StatusCode::kUnauthenticated, fmt::format("the token {}", why)}; }

struct Parts {
  std::string_view signed_text;  // header "." claims
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
};

std::optional<Parts> Split(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = token.find('.', first == token.npos ? first : first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  return Parts{token.substr(0, second), token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1)};
}

// A base64url-encoded JSON object in which no key stands twice, at whatever depth.
bool ReadObject(std::string_view encoded, v1::Value* object) {
  const std::optional<std::string> json = DecodeBase64Url(encoded);
  return json && ParseJson(*json, object).ok() && object->has_object_value();
}

// Null when it is missing.
const v1::Value* Find(const Members& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() ? nullptr : &found->second;
}

bool IsType(const v1::Value* value) {
  if (value == nullptr) return true;
  std::string type = value->string_value();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return type == "jwt" || type == "at+jwt";
}

// NumericDate, whose fraction is dropped.
std::optional<int64_t> SecondsOf(const v1::Value& value) {
  double seconds = -1;
  if (value.has_int_value()) seconds = static_cast<double>(value.int_value());
  if (value.has_double_value()) seconds = value.double_value();
  if (!(seconds >= 0 && seconds <= kLatestTime)) return std::nullopt;
  return static_cast<int64_t>(seconds);
}

Result<int64_t> ReadTime(const Members& claims, const char* name) {
  const v1::Value* value = Find(claims, name);
  if (value == nullptr) return Refused(fmt::format("lacks the claim {}", name));
  const auto seconds = SecondsOf(*value);
  if (!seconds) return Refused(fmt::format("has a claim {} that is no time", name));
  return *seconds;
}

bool IsFor(const v1::Value* audience, const std::string& us) {
  if (audience == nullptr) return false;
  if (audience->has_string_value()) return audience->string_value() == us;
  const auto& list = audience->list_value().values();
  return std::any_of(list.begin(), list.end(),
                     [&us](const v1::Value& one) { return one.has_string_value() && one.string_value() == us; });
}

Result<uint8_t> ReadVerbs(const v1::Value* verbs) {
  if (verbs == nullptr || verbs->list_value().values_size() == 0) return Refused("has no list of verbs");
  uint8_t rights = 0;
  for (const v1::Value& verb : verbs->list_value().values()) {
    const Result<Right> right = ParseVerb(verb.string_value());
    if (!right.ok()) return Refused("has a verb that is none of read, write, import, admin and metrics");
    rights |= static_cast<uint8_t>(*right);
  }
  return rights;
}

// An empty list is refused: it would mean nothing to whoever wrote it, and everything to us.
Result<std::shared_ptr<const std::vector<std::string>>> ReadNamespaces(const v1::Value* value) {
  if (value == nullptr) return std::shared_ptr<const std::vector<std::string>>();
  auto names = std::make_shared<std::vector<std::string>>();
  for (const v1::Value& name : value->list_value().values()) {
    if (name.string_value().empty()) return Refused("has namespaces that are no names");
    names->push_back(name.string_value());
  }
  if (names->empty() || names->size() > kNamespacesMax) {
    return Refused(fmt::format("has no list of 1 to {} namespaces", kNamespacesMax));
  }
  return std::shared_ptr<const std::vector<std::string>>(std::move(names));
}

Status CheckSignature(const JwtConfig& config, const Parts& parts) {
  v1::Value json;
  if (!ReadObject(parts.header, &json)) return Refused("has a header that is no JSON object");
  const Members& header = json.object_value().members();
  for (const std::string_view name : kRefusedMembers) {
    if (header.contains(std::string(name))) return Refused(fmt::format("has {} in its header", name));
  }
  if (!IsType(Find(header, "typ"))) return Refused("is of another type than JWT");
  const v1::Value* name = Find(header, "alg");
  const auto algorithm = ParseJwtAlgorithm(name == nullptr ? "" : name->string_value());
  if (!algorithm.ok()) return Refused("has an algorithm that is none of HS256, RS256 and EdDSA");
  const v1::Value* id = Find(header, "kid");
  if (id != nullptr && !id->has_string_value()) return Refused("has a kid that is no string");
  const std::optional<std::string> signature = DecodeBase64Url(parts.signature);
  if (!signature) return Refused("has a signature that is not base64url");
  bool tried = false;
  for (const JwtKey& key : config.keys) {
    const bool meant = key.id().empty() || (id != nullptr && id->string_value() == key.id());
    if (!meant || key.algorithm() != *algorithm) continue;
    tried = true;
    if (key.Verifies(parts.signed_text, *signature)) return {};
  }
  return Refused(tried ? "has a signature that is not right" : "is signed by a key that this server does not have");
}

Result<JwtClaims> ReadClaims(const JwtConfig& config, const Members& members) {
  JwtClaims claims;
  ASSIGN_OR_RETURN(claims.expires_at, ReadTime(members, "exp"));
  ASSIGN_OR_RETURN(claims.issued_at, ReadTime(members, "iat"));
  if (Find(members, "nbf") != nullptr) {
    ASSIGN_OR_RETURN(claims.not_before, ReadTime(members, "nbf"));
  }
  const v1::Value* issuer = Find(members, "iss");
  if (issuer == nullptr || issuer->string_value() != config.issuer) return Refused("is of another issuer");
  if (!IsFor(Find(members, "aud"), config.audience)) return Refused("is for another audience");
  if (const v1::Value* subject = Find(members, "sub")) {
    claims.subject = subject->string_value();
    if (!subject->has_string_value() || claims.subject.size() > kSubjectMax) {
      return Refused(fmt::format("has a subject that is no string of at most {} bytes", kSubjectMax));
    }
  }
  const v1::Value* tenant = Find(members, "tenant");
  if (tenant == nullptr || tenant->string_value().empty()) return Refused("names no tenant");
  claims.tenant = tenant->string_value();
  ASSIGN_OR_RETURN(claims.rights, ReadVerbs(Find(members, "verbs")));
  ASSIGN_OR_RETURN(claims.namespaces, ReadNamespaces(Find(members, "namespaces")));
  return claims;
}

}  // namespace

bool LooksLikeJwt(std::string_view token) { return Split(token).has_value(); }

Result<JwtClaims> VerifyJwt(const JwtConfig& config, std::string_view token, Timestamp now) {
  if (token.size() > kJwtBytesMax) return Refused(fmt::format("has more than {} bytes", kJwtBytesMax));
  const std::optional<Parts> parts = Split(token);
  if (!parts) return Refused("has not three parts");
  RETURN_IF_ERROR(CheckSignature(config, *parts));
  v1::Value json;
  if (!ReadObject(parts->claims, &json)) return Refused("has claims that are no JSON object");
  ASSIGN_OR_RETURN(JwtClaims claims, ReadClaims(config, json.object_value().members()));
  RETURN_IF_ERROR(CheckJwtTimes(claims, config.leeway_seconds, now));
  return claims;
}

Status CheckJwtTimes(const JwtClaims& claims, int64_t leeway_seconds, Timestamp now) {
  const int64_t seconds = now.micros / 1'000'000;
  if (seconds >= claims.expires_at + leeway_seconds) return Refused("has expired");
  if (seconds < claims.not_before - leeway_seconds) return Refused("is not valid yet");
  if (seconds < claims.issued_at - leeway_seconds) return Refused("was issued in the future");
  return {};
}

}  // namespace engram
