#include "tests/scenarios/scenario.h"

#include <sstream>

#include <fmt/format.h>

#include "server/position_token.h"

namespace engram {
namespace {

class Parser {
 public:
  Result<Scenario> Parse(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      ++line_;
      Status status = Add(line);
      if (!status.ok()) return status;
    }
    for (const Step& step : steps_) {
      if (step.status == 0) return InvalidArgument(fmt::format("line {}: no status is expected", step.line));
    }
    return Scenario{std::move(options_), std::move(steps_)};
  }

 private:
  Status Add(const std::string& line) {
    if (line.starts_with("> ")) return AddRequest(line.substr(2));
    if (line.starts_with("< ")) return AddReply(line.substr(2));
    if (line.starts_with("= ")) return AddOptions(line.substr(2));
    if (line.starts_with('#') || line.empty()) return Status::Ok();
    if (steps_.empty()) return Error("a body without a request");
    Step& step = steps_.back();
    std::string& body = step.status == 0 ? step.body : step.reply;
    if (!body.empty()) body += '\n';
    body += line;
    return Status::Ok();
  }

  Status AddOptions(const std::string& text) {
    std::istringstream words(text);
    for (std::string word; words >> word;) options_.push_back(word);
    return Status::Ok();
  }

  Status AddRequest(const std::string& text) {
    if (text == "json" || text == "protobuf") {
      only_ = text == "json" ? Encoding::kJson : Encoding::kProtobuf;
      verbatim_ = true;
      return Status::Ok();
    }
    const bool is_header = !steps_.empty() && steps_.back().status == 0 && text.find(": ") != std::string::npos;
    if (is_header) {
      steps_.back().headers.push_back(text);
      return Status::Ok();
    }
    const size_t space = text.find(' ');
    if (space == std::string::npos) return Error("expected a method and a path");
    Step step;
    step.line = line_;
    step.verbatim = verbatim_;
    step.only = only_;
    step.method = text.substr(0, space);
    step.target = text.substr(space + 1);
    steps_.push_back(std::move(step));
    verbatim_ = false;
    return Status::Ok();
  }

  Status AddReply(const std::string& text) {
    if (steps_.empty()) return Error("a reply without a request");
    Step& step = steps_.back();
    if (step.status != 0) {
      step.reply_headers.push_back(text);
      return Status::Ok();
    }
    step.status = std::atoi(text.c_str());
    return step.status >= 100 ? Status::Ok() : Error("expected a status");
  }

  Status Error(const char* what) const { return InvalidArgument(fmt::format("line {}: {}", line_, what)); }

  int line_ = 0;
  bool verbatim_ = false;
  Encoding only_ = Encoding::kJson;
  std::vector<std::string> options_;
  std::vector<Step> steps_;
};

// "first" as it was captured, "first+1000" as a position so much later.
Result<std::string> ValueOf(const std::string& expression, const Captures& captures) {
  const size_t plus = expression.find('+');
  const auto found = captures.find(expression.substr(0, plus));
  if (found == captures.end()) return NotFound(fmt::format("nothing was captured as \"{}\"", expression));
  if (plus == std::string::npos) return found->second;
  ASSIGN_OR_RETURN(PositionToken token, DecodePosition(found->second));
  token.position.value += std::stoull(expression.substr(plus + 1));
  return EncodePosition(token.ns, token.position);
}

}  // namespace

Result<Scenario> ParseScenario(const std::string& text) { return Parser().Parse(text); }

Result<std::string> Substitute(const std::string& text, const Captures& captures) {
  std::string out;
  size_t from = 0;
  for (size_t at = text.find("${"); at != std::string::npos; at = text.find("${", from)) {
    const size_t end = text.find('}', at);
    ASSIGN_OR_RETURN(const std::string value, ValueOf(text.substr(at + 2, end - at - 2), captures));
    out.append(text, from, at - from).append(value);
    from = end + 1;
  }
  return out.append(text, from);
}

}  // namespace engram
