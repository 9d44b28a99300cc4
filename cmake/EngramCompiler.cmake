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

# Hardening, where no sanitizer does it better. An overflow of what the compiler knows the size of ends the process, as
# does a smashed stack; a large frame can't jump over the guard page, indirect jumps land on their targets alone (CPUs
# since 2020), locals begin as zeros, and neither code nor the loader's tables can be written. In development containers
# check their indices, too (libstdc++'s assertions).
include(CheckPIESupported)
check_pie_supported()
if(NOT ENGRAM_SANITIZE AND NOT ENGRAM_BUILD_FUZZ)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" ENGRAM_BUILD_TYPE)
  if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${ENGRAM_BUILD_TYPE}}" MATCHES "-O[123s]") # it needs an optimizer
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$<IF:$<CXX_COMPILER_ID:GNU>,3,2>)
  endif()
  add_compile_options(-fstack-protector-strong -fstack-clash-protection
                      # clang 14 wants a second, temporary switch for it
                      $<$<CXX_COMPILER_ID:GNU>:-ftrivial-auto-var-init=zero>)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection=full)
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_definitions(_GLIBCXX_ASSERTIONS)
  endif()
endif()
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)

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
