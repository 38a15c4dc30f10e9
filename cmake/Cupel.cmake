# The build's verbs. A folder's CMakeLists.txt is a table of contents written with them:
#   cupel_library(NAME SOURCES ... TESTS ... NEEDS ... [HOSTED | TOOL])
#   cupel_program(NAME SOURCES ... NEEDS ... [TOOL])
#   cupel_target(NAME SOURCES ... NEEDS ...)        a fuzz target: libFuzzer, AFL++ or plain replayer
# NEEDS is the layering; ci/check_layers.py holds the includes against it.

include(GoogleTest)

option(CUPEL_SANITIZE "ASan and UBSan, with coverage hooks for libFuzzer (engine chosen at link time)" OFF)
option(BUILD_TESTING "The tests as well" ON)
option(CUPEL_FREESTANDING "libos, shims and the secure platforms' guest side alone, without a libc" OFF)
set(CUPEL_ENGINE "libfuzzer" CACHE STRING "What drives the fuzz targets: libfuzzer, afl, external (a fuzzing service's, with its flags) or none")
set(CUPEL_ENGINE_LIBRARY "" CACHE STRING "What to link with where the engine is external")
option(CUPEL_LINUX_PLATFORM "platforms/linux and cupel run" ON)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# One target carries the flags of all code; a second adds those of code that also runs with nothing underneath.
add_library(cupel_flags INTERFACE)
target_include_directories(cupel_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(cupel_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wno-gnu-statement-expression-from-macro-expansion>
  $<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety>
  -fno-omit-frame-pointer)
target_compile_definitions(cupel_flags INTERFACE _GLIBCXX_ASSERTIONS)

add_library(cupel_bare_flags INTERFACE)
target_link_libraries(cupel_bare_flags INTERFACE cupel_flags)
target_compile_options(cupel_bare_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -fno-threadsafe-statics>)
target_compile_definitions(cupel_bare_flags INTERFACE BOOST_DISABLE_ASSERTS)

if(CUPEL_SANITIZE)
  # No vptr check: it wants the type information that libos is built without.
  target_compile_options(cupel_flags INTERFACE -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all)
  target_link_options(cupel_flags INTERFACE -fsanitize=address,undefined)
  if(CUPEL_ENGINE STREQUAL "libfuzzer")
    target_compile_options(cupel_flags INTERFACE -fsanitize=fuzzer-no-link)
  endif()
endif()
if(CUPEL_ENGINE STREQUAL "afl")
  target_compile_options(cupel_flags INTERFACE -fsanitize-coverage=trace-pc-guard,trace-cmp)
  find_file(CUPEL_AFL_RUNTIME afl-compiler-rt.o PATHS /usr/lib/afl /usr/local/lib/afl REQUIRED NO_DEFAULT_PATH)
  find_file(CUPEL_AFL_DRIVER libAFLDriver.a PATHS /usr/lib/afl /usr/local/lib/afl REQUIRED NO_DEFAULT_PATH)
  # Every program of this build carries the hooks, so every program needs the runtime.
  target_link_options(cupel_flags INTERFACE ${CUPEL_AFL_RUNTIME})
endif()
# Tests and the harness's own tools are neither fuzzed nor timed: without optimising and hooks they build in half the time.
add_library(cupel_tool_flags INTERFACE)
target_compile_options(cupel_tool_flags INTERFACE -O0)
if(CUPEL_SANITIZE AND CUPEL_ENGINE STREQUAL "libfuzzer")
  target_compile_options(cupel_tool_flags INTERFACE -fno-sanitize=fuzzer-no-link)
endif()

if(CUPEL_ENGINE STREQUAL "external")
  target_compile_options(cupel_flags INTERFACE -fno-sanitize=vptr)
endif()

# Code that runs on a guest's behalf on the host itself: never instrumented (its stacks and addresses are its own), and without
# vector registers and thread-local storage, which are the guest's then.
add_library(cupel_guest_side_flags INTERFACE)
target_include_directories(cupel_guest_side_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(cupel_guest_side_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wno-gnu-statement-expression-from-macro-expansion -Wthread-safety>
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -fno-threadsafe-statics -mno-mmx -mno-sse -mno-avx>
  -fno-omit-frame-pointer -fno-stack-protector -O2)
target_compile_definitions(cupel_guest_side_flags INTERFACE _GLIBCXX_ASSERTIONS BOOST_DISABLE_ASSERTS)

# cupel_guest_side(NAME TARGETS ... SOURCES ...): the sources of these libraries once more, in those flags.
function(cupel_guest_side name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "TARGETS;SOURCES")
  foreach(target ${arg_TARGETS})
    get_target_property(sources ${target} SOURCES)
    get_target_property(folder ${target} SOURCE_DIR)
    list(TRANSFORM sources PREPEND ${folder}/)
    list(APPEND arg_SOURCES ${sources})
  endforeach()
  list(FILTER arg_SOURCES EXCLUDE REGEX "check_hosted")
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE cupel_guest_side_flags)
endfunction()

if(CUPEL_FREESTANDING)
  target_compile_options(cupel_bare_flags INTERFACE
    -ffreestanding -mno-red-zone -mno-mmx -mno-sse -mno-avx -fno-stack-protector)
endif()

if(NOT CUPEL_FREESTANDING)
  find_package(GTest REQUIRED)
  find_package(fmt REQUIRED)
  find_package(nlohmann_json REQUIRED)
  if(NOT CUPEL_ENGINE STREQUAL "external")
    find_package(CLI11 REQUIRED)
  endif()
endif()

function(cupel_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "HOSTED;TOOL" "" "SOURCES;TESTS;NEEDS")
  if(arg_SOURCES)
    add_library(cupel_${name} STATIC ${arg_SOURCES})
    set(reach PUBLIC)
  else()
    add_library(cupel_${name} INTERFACE)
    set(reach INTERFACE)
  endif()
  add_library(cupel::${name} ALIAS cupel_${name})
  if(arg_HOSTED OR arg_TOOL)
    target_link_libraries(cupel_${name} ${reach} cupel_flags ${arg_NEEDS})
    if(arg_TOOL AND arg_SOURCES)
      target_link_libraries(cupel_${name} PRIVATE cupel_tool_flags)
    endif()
  else()
    target_link_libraries(cupel_${name} ${reach} cupel_flags ${arg_NEEDS})
    if(arg_SOURCES)
      target_link_libraries(cupel_${name} PRIVATE cupel_bare_flags)  # its own objects only: who uses it is hosted
    endif()
  endif()
  if(arg_TESTS AND NOT CUPEL_FREESTANDING)
    cupel_test(${name} SOURCES ${arg_TESTS} NEEDS cupel::${name})
  endif()
endfunction()

# Tests are hosted; each sentence in them becomes one ctest entry.
function(cupel_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;NEEDS;WORKING_DIRECTORY")
  add_executable(${name}_test ${arg_SOURCES})
  target_link_libraries(${name}_test PRIVATE cupel_flags cupel_tool_flags ${arg_NEEDS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} PROPERTIES TIMEOUT 600)
endfunction()

function(cupel_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "TOOL" "" "SOURCES;NEEDS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE cupel_flags $<$<BOOL:${arg_TOOL}>:cupel_tool_flags> ${arg_NEEDS})
endfunction()

# A fuzz target: an object library that registers it (so that no linker drops it), and the program of this build's
# engine: engines/libfuzzer.cc with libFuzzer, with AFL++'s driver, or none (`cupel replay` drives every target).
function(cupel_target name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;NEEDS")
  add_library(cupel_target_${name} OBJECT ${arg_SOURCES})
  target_link_libraries(cupel_target_${name} PUBLIC cupel_flags ${arg_NEEDS} cupel::fuzz_target)
  set_property(GLOBAL APPEND PROPERTY CUPEL_TARGET_OBJECTS cupel_target_${name})
  if(CUPEL_ENGINE STREQUAL "none")
    return()
  endif()
  add_executable(${name} ${PROJECT_SOURCE_DIR}/fuzz/engines/libfuzzer.cc $<TARGET_OBJECTS:cupel_target_${name}>)
  target_compile_definitions(${name} PRIVATE CUPEL_TARGET="${name}")
  target_link_libraries(${name} PRIVATE cupel_target_${name})
  if(CUPEL_ENGINE STREQUAL "libfuzzer")
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  elseif(CUPEL_ENGINE STREQUAL "external")
    target_link_libraries(${name} PRIVATE ${CUPEL_ENGINE_LIBRARY})
  else()
    target_link_libraries(${name} PRIVATE ${CUPEL_AFL_DRIVER})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/targets)
  add_dependencies(cupel_targets ${name})
endfunction()
if(NOT CUPEL_FREESTANDING)
  add_custom_target(cupel_targets)
endif()
