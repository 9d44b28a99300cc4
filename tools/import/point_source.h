// Points of any vector store as memories: id and vectors as they are, the payload as metadata, and of the payload what
// the user says it is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/import/point_store.h"
#include "tools/import/source.h"

namespace engram {

// Payload fields, by name; empty: none is. A field that becomes something else is not metadata, too.
struct PayloadMapping {
  std::string text = "text";
  std::vector<std::string> fields;  // texts, searched like the text
  std::string user_id;
  std::string agent_id;
  std::string run_id;
  std::string created_at;  // also updated_at; times as import/loose_time.h reads them
};

// The first record is the configuration: spaces with dimensions and metric. A point without the text's field is a
// memory without text; Notes() tells how many there were. source.version tells whether a point has changed since it was
// imported (import/revision.h).
class PointSource final : public ImportSource {
 public:
  // `collection` empty: the only one there is. InvalidArgument names them when there are several.
  static Result<std::unique_ptr<PointSource>> Open(std::unique_ptr<PointStore> store, const std::string& collection,
                                                   PayloadMapping mapping);

  SourceDescription Describe() const override;
  std::string DefaultImportId() const override;
  const char* unit() const override { return "points"; }
  Result<bool> Resume(const std::string& cursor) override;
  Result<bool> Next(SourceRecord* record) override;
  std::string Cursor(bool finished) const override;
  std::optional<double> Fraction() const override;
  std::vector<std::string> Notes() const override;

 private:
  PointSource(std::unique_ptr<PointStore> store, std::string collection, std::unique_ptr<PointReader> reader,
              PayloadMapping mapping)
      : store_(std::move(store)),
        collection_(std::move(collection)),
        reader_(std::move(reader)),
        mapping_(std::move(mapping)) {}

  const std::unique_ptr<PointStore> store_;
  const std::string collection_;
  const std::unique_ptr<PointReader> reader_;
  const PayloadMapping mapping_;
  bool config_given_ = false;
  uint64_t read_ = 0;
  uint64_t without_text_ = 0;
  std::string cursor_ = "start";
};

// A point as a memory of the source `system`. InvalidArgument at the field of the payload that can't be what it is said
// to be.
Result<v1::Memory> PointToMemory(StoredPoint point, const PayloadMapping& mapping, const char* system);

// "" with several collections is InvalidArgument.
Result<std::string> OnlyCollection(const PointStore& store);

// Takes `name` out of the payload as text; a number or a truth value as JSON prints it. Nothing when it is absent or
// null; InvalidArgument for a list or an object.
Result<std::optional<std::string>> TakeText(std::map<std::string, v1::Value>* payload, const std::string& name);
// Takes a time out of the payload.
Result<std::optional<google::protobuf::Timestamp>> TakeTime(std::map<std::string, v1::Value>* payload,
                                                            const std::string& name);
// `vectors` into their places in the memory.
void SetVectors(std::map<std::string, v1::Vector> vectors, v1::Memory* memory);

}  // namespace engram
