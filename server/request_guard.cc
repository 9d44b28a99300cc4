#include "server/request_guard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace engram {
namespace {

constexpr size_t kFieldsMax = 100;
constexpr std::array<std::string_view, 7> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
// Fields with one meaning: two of them would be two meanings.
constexpr std::array<std::string_view, 9> kSingletons = {"host",         "content-length",   "transfer-encoding",
                                                         "content-type", "content-encoding", "authorization",
                                                         "origin",       "expect",           "idempotency-key"};

using Field = std::pair<std::string, std::string_view>;  // lower-case name, trimmed value

Status Malformed(std::string_view what) { return InvalidArgument(fmt::format("malformed request: {}", what)); }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lowered(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  return lower;
}

bool IsTokenCharacter(char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter); }

bool IsVisible(char c) { return c > 0x20 && c < 0x7f; }

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// "METHOD /target HTTP/1.x", single spaces.
struct RequestLine {
  std::string_view method;
  std::string_view target;
  bool http_1_0 = false;
};

Result<RequestLine> ReadRequestLine(std::string_view line) {
  RequestLine read;
  const size_t first = line.find(' ');
  const size_t second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return Malformed("the request line");
  read.method = line.substr(0, first);
  read.target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Malformed("the HTTP version is not 1.1 or 1.0");
  read.http_1_0 = version == "HTTP/1.0";
  if (!IsToken(read.method)) return Malformed("the method");
  if (!read.target.starts_with('/')) return Malformed("the target is no absolute path");
  if (!std::all_of(read.target.begin(), read.target.end(), IsVisible) || read.target.find('#') != read.target.npos) {
    return Malformed("the target has a character that must be percent-encoded");
  }
  return read;
}

Result<Field> ReadField(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) return Malformed("a folded header line");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return Malformed("a header name");
  const std::string_view value = line.substr(colon + 1);
  for (const char c : value) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return Malformed("a header value");
  }
  return Field(Lowered(line.substr(0, colon)), Trimmed(value));
}

class Head {
 public:
  Status Read(std::string_view head) {
    if (!head.ends_with("\r\n\r\n")) return Malformed("no end of the headers");
    head.remove_suffix(2);
    ASSIGN_OR_RETURN(const std::string_view first, TakeLine(&head));
    ASSIGN_OR_RETURN(line_, ReadRequestLine(first));
    while (!head.empty()) {
      ASSIGN_OR_RETURN(const std::string_view text, TakeLine(&head));
      ASSIGN_OR_RETURN(Field field, ReadField(text));
      RETURN_IF_ERROR(Add(std::move(field)));
    }
    return Status::Ok();
  }

  const RequestLine& line() const { return line_; }
  std::optional<std::string_view> Find(std::string_view name) const {
    for (const Field& field : fields_) {
      if (field.first == name) return field.second;
    }
    return std::nullopt;
  }
  // Whether any field `name` lists `token`.
  bool Lists(std::string_view name, std::string_view token) const {
    return std::any_of(fields_.begin(), fields_.end(), [&](const Field& field) {
      return field.first == name &&
             (',' + WithoutSpace(field.second) + ',').find("," + std::string(token) + ",") != std::string::npos;
    });
  }

 private:
  static Result<std::string_view> TakeLine(std::string_view* rest) {
    const size_t end = rest->find('\n');
    if (end == std::string_view::npos || end == 0 || (*rest)[end - 1] != '\r') return Malformed("a bare line feed");
    const std::string_view line = rest->substr(0, end - 1);
    if (line.find('\r') != std::string_view::npos) return Malformed("a bare carriage return");
    rest->remove_prefix(end + 1);
    return line;
  }

  static std::string WithoutSpace(std::string_view text) {
    std::string lower = Lowered(text);
    std::erase_if(lower, [](char c) { return c == ' ' || c == '\t'; });
    return lower;
  }

  Status Add(Field field) {
    if (fields_.size() == kFieldsMax) {
      return {StatusCode::kHeadersTooLarge, fmt::format("more than {} header fields", kFieldsMax)};
    }
    const bool singleton = std::find(kSingletons.begin(), kSingletons.end(), field.first) != kSingletons.end();
    if (singleton && Find(field.first)) return Malformed(fmt::format("two {} fields", field.first));
    fields_.push_back(std::move(field));
    return Status::Ok();
  }

  RequestLine line_;
  std::vector<Field> fields_;
};

Result<uint64_t> ReadContentLength(std::string_view text) {
  uint64_t length = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return Malformed("Content-Length");
  return length;
}

Result<RequestFraming> ReadFraming(const Head& head) {
  RequestFraming framing;
  const auto length = head.Find("content-length");
  const auto coding = head.Find("transfer-encoding");
  if (length && coding) return Malformed("both Content-Length and Transfer-Encoding");
  if (coding && (Lowered(*coding) != "chunked" || head.line().http_1_0)) return Malformed("Transfer-Encoding");
  if (length) {
    ASSIGN_OR_RETURN(framing.content_length, ReadContentLength(*length));
  }
  framing.chunked = coding.has_value();
  if (const auto expect = head.Find("expect")) {
    if (Lowered(*expect) != "100-continue") return Malformed("Expect");
    framing.expects_continue = true;
  }
  const std::string_view method = head.line().method;
  if (framing.has_body() && method != "POST" && method != "PUT" && method != "PATCH") {
    return Malformed(fmt::format("a {} has no body", method));
  }
  framing.keep_alive =
      !head.Lists("connection", "close") && (!head.line().http_1_0 || head.Lists("connection", "keep-alive"));
  return framing;
}

// "[::1]" of "[::1]:7700"; empty when it is no host with an optional port.
std::string HostWithoutPort(std::string_view authority) {
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', authority.starts_with('[') && bracket != authority.npos ? bracket : 0);
  const std::string_view host = authority.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? "0" : authority.substr(colon + 1);
  const bool digits =
      !port.empty() && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && std::all_of(host.begin(), host.end(), IsVisible) ? Lowered(host) : "";
}

bool Allows(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end() ||
         std::find(list.begin(), list.end(), "*") != list.end();
}

Status CheckHostAndOrigin(const Head& head, const HostRules& rules) {
  const auto authority = head.Find("host");
  if (!authority) return Malformed("no Host");
  const std::string host = HostWithoutPort(*authority);
  if (host.empty()) return Malformed("Host");
  if (!Allows(rules.hosts, host)) {
    return {StatusCode::kPermissionDenied, fmt::format("this server does not answer for the host \"{}\"", host)};
  }
  const auto origin = head.Find("origin");
  if (!origin || Allows(rules.origins, *origin)) return Status::Ok();
  const std::string own = Lowered(*authority);
  const std::string page = Lowered(*origin);
  if (page == "http://" + own || page == "https://" + own) return Status::Ok();
  return {StatusCode::kPermissionDenied, "pages of this origin may not call this server"};
}

}  // namespace

Result<RequestFraming> GuardRequest(std::string_view bytes, const HostRules& rules) {
  Head head;
  RETURN_IF_ERROR(head.Read(bytes));
  RETURN_IF_ERROR(CheckHostAndOrigin(head, rules));
  ASSIGN_OR_RETURN(RequestFraming framing, ReadFraming(head));
  if (std::find(kMethods.begin(), kMethods.end(), head.line().method) == kMethods.end()) {
    return Status(StatusCode::kMethodNotAllowed, "no such method here");
  }
  return framing;
}

Status GuardPartialHead(std::string_view bytes) {
  // A method begins every request; a TLS hello or an empty line does not look like one.
  if (!bytes.empty() && !IsTokenCharacter(bytes.front())) return Malformed("the request line");
  for (size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return Malformed("a bare line feed");
  }
  return Status::Ok();
}

}  // namespace engram
