# Language level, warnings and the build variants that CMakePresets.json names.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(ENGRAM_BUILD_TESTS "Build the tests" ON)
option(ENGRAM_BUILD_BENCH "Build the benchmarks" OFF)
option(ENGRAM_BUILD_FUZZ "Build the fuzzers (clang only)" OFF)
option(ENGRAM_WERROR "Treat warnings as errors" OFF)
set(ENGRAM_SANITIZE "" CACHE STRING "Comma-separated sanitizers: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Debug CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# lld links our test binaries in a fraction of bfd's time.
find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()

add_library(engram_warnings INTERFACE)
target_compile_options(engram_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror=return-type
  # base/mutex.h says which lock guards what; clang checks it.
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Werror=thread-safety>
  # GCC 12 sees uninitialized members in moved-from variants and overlaps in "a" + string where there are none
  # (gcc.gnu.org/PR105593, PR105329).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-maybe-uninitialized -Wno-restrict>)
if(ENGRAM_WERROR)
  target_compile_options(engram_warnings INTERFACE -Werror)
endif()

if(ENGRAM_BUILD_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "ENGRAM_BUILD_FUZZ needs clang (use the fuzz preset), not ${CMAKE_CXX_COMPILER_ID}")
  endif()
  set(ENGRAM_SANITIZE address,undefined)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# A report is a failure: the process ends with an error code instead of going on.
if(ENGRAM_SANITIZE)
  add_compile_options(-fsanitize=${ENGRAM_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ENGRAM_SANITIZE})
  if(ENGRAM_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(ENGRAM_SANITIZE MATCHES thread)
    # protobuf's headers give its maps two more members under this macro, which Debian's library does not have.
    add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
  endif()
endif()
