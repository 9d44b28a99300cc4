// The sets on which defaults are chosen, and the others on which the choice is judged. A set is of one kind for good:
// what is chosen on a set says nothing about it.
#pragma once

#include <string>
#include <vector>

namespace engram::quality {

enum class Purpose { kTuning, kHeldOut };

struct ChoiceSet {
  std::string folder;
  std::string split;        // of the queries; see ReadLabelledSet
  std::string scope_field;  // empty: the set as one namespace
  Purpose purpose;
  std::string own_analyzer;  // the one made for its language
  bool vectors;

  // "scifact, train".
  std::string Name() const { return split.empty() ? folder : folder + ", " + split; }
  bool english() const { return own_analyzer == "english"; }
};

const std::vector<ChoiceSet>& ChoiceSets();

// "tuning", "held-out".
std::string PurposeName(Purpose purpose);

}  // namespace engram::quality
