// Random messages of any type, such as JSON can carry: every scalar kind, odd strings, extreme numbers.
#pragma once

#include <random>

#include <google/protobuf/message.h>

namespace engram {

uint64_t TestSeed();  // ENGRAM_TEST_SEED, otherwise a fixed one

// Fills `message`. A Value is never null where the field itself could be absent, for JSON can't tell the two.
void FillRandomly(std::mt19937_64& random, int depth, google::protobuf::Message* message);

}  // namespace engram
