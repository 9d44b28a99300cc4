// An import's row as a document for people.
#pragma once

#include <string>

#include "engram/v1/import.pb.h"

namespace engram {

// Markdown, ending in a line end.
std::string MarkdownReport(const std::string& namespace_name, const v1::ImportProgress& import);

// "2026-03-01 12:30:05 UTC"; "never" for a time that is none.
std::string TimeText(const google::protobuf::Timestamp& time);

}  // namespace engram
