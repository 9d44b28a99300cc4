# One CMake target per module, one test binary per module.

# engram_module(NAME SOURCES a.cc… [DEPS targets visible to users…] [PRIVATE_DEPS …])
# makes the static library engram_NAME; includes are written from the repository's root.
function(engram_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(engram_${name} STATIC ${ARG_SOURCES})
  target_include_directories(engram_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(engram_${name} PUBLIC ${ARG_DEPS} PRIVATE engram_warnings ${ARG_PRIVATE_DEPS})
endfunction()

# engram_program(NAME SOURCES a.cc… [DEPS …]) makes the program NAME. `engram` itself lands at the top
# of the build folder (build/release/engram); other programs stay in the folder that defines them.
function(engram_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} engram_warnings)
  if(name STREQUAL "engram")
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  endif()
endfunction()

# What a sanitizer is told when a test runs.
set(ENGRAM_TEST_ENVIRONMENT "")
if(ENGRAM_SANITIZE MATCHES thread)
  set(ENGRAM_TEST_ENVIRONMENT
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${CMAKE_CURRENT_LIST_DIR}/tsan.suppressions")
elseif(ENGRAM_SANITIZE MATCHES undefined)
  set(ENGRAM_TEST_ENVIRONMENT "UBSAN_OPTIONS=print_stacktrace=1")
endif()

# engram_test(NAME SOURCES a_test.cc… [DEPS …] [LABEL word] [TIMEOUT seconds]) makes the binary NAME_test
# with gtest's main; each TEST is one ctest case, called NAME.Suite.Case. Cases are listed when ctest
# runs, so a build never runs what it has just built. The label `long` keeps a test out of the plain
# `./dev test`.
function(engram_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;LABEL" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(ENGRAM_SANITIZE)
    math(EXPR ARG_TIMEOUT "4 * ${ARG_TIMEOUT}") # checked code is that much slower
  endif()
  set(properties TIMEOUT ${ARG_TIMEOUT})
  if(ARG_LABEL)
    list(APPEND properties LABELS ${ARG_LABEL})
  endif()
  if(ENGRAM_TEST_ENVIRONMENT)
    list(APPEND properties ENVIRONMENT ${ENGRAM_TEST_ENVIRONMENT})
  endif()
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${ARG_DEPS} engram_warnings GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_test PRIVATE ENGRAM_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${name}_test
    TEST_PREFIX ${name}.
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES ${properties})
endfunction()

# engram_fuzz(NAME [SOURCES …] [DEPS …] [MUTATIONS n]) makes the binary NAME_fuzz of NAME_fuzz.cc and SOURCES: with
# libFuzzer in the fuzz preset, elsewhere with a main that replays corpus/NAME and n mutations of it, as the ctest case
# fuzz.NAME.
function(engram_fuzz name)
  cmake_parse_arguments(ARG "" "MUTATIONS" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_MUTATIONS)
    set(ARG_MUTATIONS 20000)
  endif()
  add_executable(${name}_fuzz ${name}_fuzz.cc ${ARG_SOURCES})
  target_link_libraries(${name}_fuzz PRIVATE ${ARG_DEPS} engram_warnings)
  if(ENGRAM_BUILD_FUZZ)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  target_link_libraries(${name}_fuzz PRIVATE engram_fuzz_replay)
  add_test(NAME fuzz.${name} COMMAND ${name}_fuzz ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}
           --mutations ${ARG_MUTATIONS})
  set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120)
  if(ENGRAM_TEST_ENVIRONMENT)
    set_tests_properties(fuzz.${name} PROPERTIES ENVIRONMENT "${ENGRAM_TEST_ENVIRONMENT}")
  endif()
endfunction()
