#include "tests/engine/model/twin.h"

#include "tests/engine/model/twin_writer.h"

namespace engram::model {
namespace {

bool WorksReadOnly(const Operation& op) {
  return std::holds_alternative<PatchNamespace>(op) || std::holds_alternative<CreateNamespace>(op) ||
         std::holds_alternative<Touch>(op);
}

}  // namespace

TwinResult ApplyToTwin(const Mutation& mutation, Timestamp now, TwinState* state) {
  TwinState next = *state;
  next.exists = true;
  ++next.mutations;
  TwinWriter writer(&next, now, mutation.mode);
  TwinResult result;
  for (size_t i = 0; i < mutation.operations.size(); ++i) {
    writer.set_place(static_cast<uint32_t>(i));
    const Operation& op = mutation.operations[i];
    if (next.config.read_only && !WorksReadOnly(op)) {
      return {StatusCode::kPermissionDenied, "", {}};
    }
    try {
      result.results.push_back(std::visit(writer, op));
    } catch (const Refusal& refusal) {
      return {refusal.code, "operations[" + std::to_string(i) + "]", {}};
    }
  }
  *state = std::move(next);
  return result;
}

void SweepTwin(Timestamp now, TwinState* state) { TwinWriter(state, now, WriteMode::kUpsert).Sweep(); }

}  // namespace engram::model
