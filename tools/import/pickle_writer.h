// Plain data and objects as Python's pickles, protocol 4: what pickle.h reads, the other way round. The opcodes are
// described in CPython's Lib/pickletools.py. A text or a number alone has the bytes that Python gives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engram/v1/value.pb.h"

namespace engram {

// Appends values one after the other; a container is opened, filled and closed. Confined to one thread.
class PickleWriter {
 public:
  PickleWriter();

  void None() { Op('N'); }
  void Bool(bool value) { Op(value ? '\x88' : '\x89'); }
  void Int(int64_t value);
  void Uint(uint64_t value);
  void Float(double value);
  // REQUIRES: UTF-8.
  void Text(std::string_view utf8);
  // Any value of the API; members of objects in the order of their keys.
  void Wire(const v1::Value& value);

  void BeginList() { Op(']'), Op('('); }
  void EndList() { Op('e'); }
  // Keys and values in turn.
  void BeginDict() { Op('}'), Op('('); }
  void EndDict() { Op('u'); }
  void BeginSet() { Op('\x8f'), Op('('); }
  void EndSet() { Op('\x90'); }
  // An instance that is made without arguments; its state follows, and then EndObject.
  void BeginObject(std::string_view module, std::string_view name);
  void EndObject() { Op('b'); }

  // The whole pickle; the writer is used up.
  std::string Finish() &&;

 private:
  void Op(char op) { body_.push_back(op); }
  void Little(uint64_t value, int bytes);

  std::string body_;  // behind the frame's header
};

}  // namespace engram
