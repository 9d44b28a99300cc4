// One mutation on its way into a twin. Throws Refusal, which the caller turns into a result.
#pragma once

#include <string>

#include "engine/mutation.h"
#include "tests/engine/model/twin_state.h"

namespace engram::model {

struct Refusal {
  StatusCode code;
};

class TwinWriter {
 public:
  TwinWriter(TwinState* state, Timestamp now, WriteMode mode) : state_(*state), now_(now), mode_(mode) {}

  void set_place(uint32_t place) { place_ = place; }

  OperationResult operator()(const WriteMemory& op);
  OperationResult operator()(const PatchMemory& op);
  OperationResult operator()(const UpdateMemory& op);
  OperationResult operator()(const DeleteMemory& op);
  OperationResult operator()(const Feedback& op);
  OperationResult operator()(const Touch& op);
  OperationResult operator()(const WriteEdge& op);
  OperationResult operator()(const DeleteEdge& op);
  OperationResult operator()(const WriteNode& op);
  OperationResult operator()(const WriteRun& op);
  OperationResult operator()(const DeleteRun& op);
  OperationResult operator()(const CreateNamespace& op);
  OperationResult operator()(const PatchNamespace& op);
  template <class Other>
  OperationResult operator()(const Other& /*op*/) {
    throw Refusal{StatusCode::kInternal};  // no test gives the twin one of these
  }

  // Ends what is due, and then the runs that are over.
  void Sweep();

 private:
  // The live memory that is not due. Throws for a named entity.
  const TwinMemory* Current(const std::string& id);
  void EndIfDue(const std::string& id);
  TwinMemory& Edit(const std::string& id);
  void CheckVersion(const TwinMemory* current, std::optional<uint64_t> if_version) const;
  void Admit(const Content& content);
  void PutVersion(const std::string& id, bool existed, bool new_content, Content content, Attributes attributes,
                  const StateRecord& state, std::optional<uint64_t> source_version,
                  std::optional<Version> given = std::nullopt);
  // True when it differed.
  bool PutState(const std::string& id, const StateRecord& state);
  // The state record at most changes; the run is renewed.
  OperationResult KeepVersion(const std::string& id, const StateRecord& state);
  OperationResult StoreChange(const std::string& id, std::optional<Content> content, Attributes attributes,
                              const StateRecord& state);
  const TwinMemory* FindDuplicate(const WriteMemory& op, std::string* id);
  void EndLife(const std::string& id, HistoryEvent::Kind kind);
  bool Erase(const std::string& id);
  void Trim(TwinMemory* memory) const;
  void RetireEdgesOf(const std::string& id);
  void Retire(const std::string& edge_id, Timestamp at_time);
  void NameEnd(const std::string& id, bool imported);
  std::optional<uint32_t> ActiveRun(const Scopes& scopes) const;
  uint32_t NewRun(const Scopes& scopes);
  void Renew(uint32_t run);
  StateRecord Changed(StateRecord state, const StateChange& change) const;

  TwinState& state_;
  const Timestamp now_;
  const WriteMode mode_;
  uint32_t place_ = 0;
};

}  // namespace engram::model
