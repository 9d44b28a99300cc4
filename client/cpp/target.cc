#include "client/cpp/target.h"

namespace engram {
namespace {

bool Unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (Unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  // A path of "." or ".." is taken for a step by whatever normalises it on the way.
  if (out == ".") return "%2E";
  if (out == "..") return "%2E%2E";
  return out;
}

std::string NamespaceTarget(std::string_view ns, std::string_view rest) {
  std::string out = "/v1/namespaces/" + PercentEncode(ns);
  out += rest;
  return out;
}

void AddQuery(std::string* target, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  *target += target->find('?') == std::string::npos ? '?' : '&';
  *target += name;
  *target += '=';
  *target += PercentEncode(value);
}

}  // namespace engram
