// Every key of the store. Fixed-width scope first, so a range is a tenant's or a namespace's and nothing else:
//
//   key := shard:u16 tenant:u32 namespace:u32 kind:u8 …      (big-endian)
//
// tenant 0 holds the store's own rows, namespace 0 of a tenant its directory of namespaces. Numbers are never
// reused. docs/formats.md lists the values. Kind bytes: never renumber. graph/edge_rows.cc owns
// 'E' 'e' 'f' 'm' inside a namespace, engine/erasure.cc 'l' 'g' under (system, directory).
#pragma once

#include <string>
#include <string_view>

#include "base/coding.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/scopes.h"
#include "base/timestamp.h"
#include "engine/memory.h"

namespace engram::keys {

inline constexpr ShardId kShard{0};  // one shard until the log is replicated
inline constexpr TenantId kSystemTenant{0};
inline constexpr NamespaceId kDirectory{0};

std::string Scope(TenantId tenant, NamespaceId ns);  // the 10 bytes every key starts with

// --- Under (system, directory).
inline constexpr char kFormat = 'F';          // "F" -> format version
inline constexpr char kTenantByName = 'T';    // "T" name -> tenant:u32
inline constexpr char kTenantCounter = 'U';   // "U" -> next tenant number
inline constexpr char kExpiry = 'x';          // "x" time:i64 tenant:u32 namespace:u32 run?:u8 number:u32 -> ""
inline constexpr char kLogTime = 'z';         // "z" -> log time of the last commit
inline constexpr char kNamespaceCount = 'w';  // "w" -> namespaces of all tenants:u64
// Namespace 0: the tenant is dropped, and its namespaces and then its directory are being swept.
inline constexpr char kDropped = 'd';      // "d" tenant:u32 namespace:u32 -> "" while its rows are being swept
inline constexpr char kTenant = 't';       // "t" tenant:u32 -> tenant
inline constexpr char kTenantUsage = 'u';  // "u" tenant:u32 -> what it has
inline constexpr char kApiKey = 'Y';       // "Y" tenant:u32 key id -> API key
// "I", "J" and "j" as below: stored replies to what changed tenants and keys.

// --- Under (tenant, directory).
inline constexpr char kNamespaceByName = 'M';   // "M" name -> namespace:u32
inline constexpr char kNamespaceByAlias = 'A';  // "A" alias -> namespace:u32
inline constexpr char kNamespaceCounter = 'k';  // "k" -> next namespace number

// Stored replies to drops, which outlive their namespace: "I" and "J" as below, the key being name (KeyString) and
// idempotency key.

// --- Under (tenant, namespace).
inline constexpr char kHead = 'C';         // "C" -> name, creation, configuration
inline constexpr char kCounters = 'K';     // "K" -> position, numbers, counts, digests
inline constexpr char kId = 'i';           // "i" id-sort-key -> IdRow
inline constexpr char kNode = 'n';         // "n" node:u32 -> id
inline constexpr char kEntity = 'N';       // "N" node:u32 -> named entity
inline constexpr char kContent = 'c';      // "c" slot:u32 -> content
inline constexpr char kAttributes = 'a';   // "a" slot:u32 version:u64 -> attributes
inline constexpr char kState = 's';        // "s" node:u32 -> state record
inline constexpr char kVersion = 'v';      // "v" node:u32 version:u64 -> VersionRow
inline constexpr char kRun = 'R';          // "R" run_id user_id agent_id app_id (KeyStrings) -> run:u32
inline constexpr char kRunByNumber = 'B';  // "B" run:u32 -> RunRow
inline constexpr char kRunMember = 'q';    // "q" run:u32 node:u32 -> ""
inline constexpr char kLog = 'L';          // "L" position:u64 -> LogRow
inline constexpr char kReply = 'I';        // "I" idempotency key -> stored reply
inline constexpr char kReplyByTime = 'J';  // "J" time:i64 idempotency key -> ""
inline constexpr char kReplyById = 'j';    // "j" XXH3-64 of an id it names:u64 idempotency key -> ""
inline constexpr char kDuplicate = 'H';    // "H" hash:u128 node:u32 -> ""
inline constexpr char kPath = 'P';         // "P" attribute path -> "" once any memory had it
inline constexpr char kImport = 'p';       // "p" import id -> ImportRow
inline constexpr char kImported = 'o';     // "o" import id (KeyString) generation:u32 kind:u8 … -> ImportedRow
inline constexpr char kSegment = 'S';      // "S" number:u32 -> SegmentRow

// A kind byte followed by key parts: Key(kContent).Add(slot) …
class Key {
 public:
  explicit Key(char kind) : bytes_(1, kind) {}
  Key& Add(Slot slot) {
    AppendKey32(&bytes_, slot.value);
    return *this;
  }
  Key& Add(NodeNumber node) {
    AppendKey32(&bytes_, node.value);
    return *this;
  }
  Key& Add(TenantId tenant) {
    AppendKey32(&bytes_, tenant.value);
    return *this;
  }
  Key& Add(NamespaceId ns) {
    AppendKey32(&bytes_, ns.value);
    return *this;
  }
  Key& Add(Version version) {
    AppendKey64(&bytes_, version.value);
    return *this;
  }
  Key& Add(Position position) {
    AppendKey64(&bytes_, position.value);
    return *this;
  }
  Key& Add(Timestamp time) {
    AppendKeySigned64(&bytes_, time.micros);
    return *this;
  }
  Key& AddRun(uint32_t run) {
    AppendKey32(&bytes_, run);
    return *this;
  }
  Key& AddSegment(uint32_t number) {
    AppendKey32(&bytes_, number);
    return *this;
  }
  Key& AddRaw(std::string_view rest) {
    bytes_ += rest;
    return *this;
  }
  Key& AddString(std::string_view text) {
    AppendKeyString(&bytes_, text);
    return *this;
  }
  operator std::string() const { return bytes_; }       // NOLINT: a finished key is a string
  operator std::string_view() const { return bytes_; }  // NOLINT: and as good as a view of one
  const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string Id(std::string_view id);
// What identifies a run: run_id first, so that a run is found by it alone. actor_id is not part of it.
std::string Run(const Scopes& scopes);
std::string Duplicate(const Hash128& hash, NodeNumber node);

struct Expiry {
  Timestamp time;
  TenantId tenant;
  NamespaceId ns;
  bool run = false;
  uint32_t number = 0;  // node or run
};
std::string EncodeExpiry(const Expiry& expiry);
Result<Expiry> DecodeExpiry(std::string_view key);

}  // namespace engram::keys
