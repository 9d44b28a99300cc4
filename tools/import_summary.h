// What an import says when it is over.
#pragma once

#include <string>
#include <vector>

#include "tools/command.h"
#include "tools/import/import_lane.h"
#include "tools/import_run.h"

namespace engram {

void PrintNotes(const std::vector<std::string>& notes);
void PrintSummary(const ImportChoice& choice, const ImportSummary& summary, const char* unit);
// What became of the records, without where from: "12 memories (10 created, …), 3 edges, …".
std::string CountsText(const ImportSummary& summary);
// As they would be written; vectors are told by their length.
void PrintSample(const std::vector<v1::Memory>& sample);
// How to go on after an error.
void PrintHowToGoOn(bool stopped_by_record, bool any_read);

}  // namespace engram
