# One CMake target per module, one test binary per module.

# engram_module(NAME SOURCES a.cc… [DEPS targets visible to users…] [PRIVATE_DEPS …])
# makes the static library engram_NAME; includes are written from the repository's root.
function(engram_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(engram_${name} STATIC ${ARG_SOURCES})
  target_include_directories(engram_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(engram_${name} PUBLIC ${ARG_DEPS} PRIVATE engram_warnings ${ARG_PRIVATE_DEPS})
endfunction()

# engram_test(NAME SOURCES a_test.cc… [DEPS …]) makes the binary NAME_test with gtest's main; each
# TEST is one ctest case named after it.
function(engram_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${ARG_DEPS} engram_warnings GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
