// What writer and reader of segment files agree on; private to them. The grammar is in docs/formats.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace engram {

// segment   := header section* directory footer          (each part starts at a multiple of 64)
// header    := magic:8 bytes version:u32 zero:44 bytes checksum:u64
// directory := kind:u8 fingerprint:string first:u32 last:u32 position:u64 count:varint entry*
// entry     := name:string offset:u64 size:u64 checksum:u64 per 64 KiB
// footer    := magic:8 bytes directory_offset:u64 directory_size:u64 directory_checksum:u64 file_size:u64
//              zero:16 bytes checksum:u64
// A checksum is XXH3-64 of what stands before it in header and footer, of a block with its padding otherwise.
constexpr std::string_view kSegmentMagic = "ENGRSEG\n";
constexpr std::string_view kSegmentEndMagic = "ENGREND\n";
constexpr uint32_t kSegmentVersion = 1;
constexpr size_t kSegmentAlignment = 64;
constexpr size_t kSegmentFrameBytes = 64;  // of header and footer
constexpr size_t kSegmentBlockBytes = 64 * 1024;

inline uint64_t SegmentAligned(uint64_t size) { return (size + kSegmentAlignment - 1) & ~(kSegmentAlignment - 1); }

}  // namespace engram
