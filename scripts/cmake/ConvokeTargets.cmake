# convoke_library(NAME SOURCES … [DEPS …] [PRIVATE_DEPS …] [OPTIMIZED])   libs/<name> or the core of a service, target convoke_<name>
# convoke_program(NAME SOURCES … [DEPS …])                    an executable in <build>/bin/<NAME>
# convoke_headers(NAME HEADERS … [DEPS …] [OPTIONS …])       headers that most sources read, compiled once; sources name what they use all the same
# convoke_test(NAME LABEL unit|integration|… SOURCES … [DEPS …] [TIMEOUT s] [OPTIMIZED])   a Catch2 program, run whole by ctest
#
# OPTIMIZED: in `dev` too, because it computes; for the rest optimizing takes longer there than it saves.
function(convoke_headers name)
  cmake_parse_arguments(ARG "" "" "HEADERS;DEPS;OPTIONS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/${name}.cpp)
  if(NOT EXISTS ${source})
    file(WRITE ${source} "")
  endif()
  add_library(convoke_${name} OBJECT ${source})
  target_link_libraries(convoke_${name} PRIVATE convoke_flags ${ARG_DEPS})
  target_compile_options(convoke_${name} PRIVATE ${ARG_OPTIONS})
  target_precompile_headers(convoke_${name} PRIVATE ${ARG_HEADERS})
endfunction()

# Nothing before libs/CMakeLists.txt has made them, for what they are made of themselves. ccache reads the headers themselves: where it does
# not find all of them it stores nothing.
function(convoke_use_headers target name)
  if(TARGET convoke_${name})
    target_precompile_headers(${target} REUSE_FROM convoke_${name})
    target_include_directories(${target} PRIVATE $<TARGET_PROPERTY:convoke_${name},INCLUDE_DIRECTORIES>)
  endif()
endfunction()

function(convoke_optimize target)
  if(CMAKE_BUILD_TYPE STREQUAL Debug)
    target_compile_options(${target} PRIVATE -O1)
    convoke_use_headers(${target} optimized_headers)
  else()
    convoke_use_headers(${target} headers)
  endif()
endfunction()

function(convoke_library name)
  cmake_parse_arguments(ARG "OPTIMIZED" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(convoke_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(convoke_${name} PUBLIC convoke_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  if(ARG_OPTIMIZED)
    convoke_optimize(convoke_${name})
  else()
    convoke_use_headers(convoke_${name} headers)
  endif()
endfunction()

function(convoke_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE convoke_flags ${ARG_DEPS})
  convoke_use_headers(${name} headers)
endfunction()

function(convoke_test name)
  cmake_parse_arguments(ARG "OPTIMIZED" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE convoke_test_main ${ARG_DEPS})
  if(ARG_OPTIMIZED)
    convoke_optimize(test_${name})
  else()
    convoke_use_headers(test_${name} test_headers)
  endif()
  add_test(NAME ${ARG_LABEL}.${name} COMMAND test_${name})
  set_tests_properties(${ARG_LABEL}.${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  if(ARG_LABEL MATCHES "e2e|fault")  # whole installations: one at a time on two cores
    set_tests_properties(${ARG_LABEL}.${name} PROPERTIES PROCESSORS 2)
  endif()
endfunction()

# convoke_embed(TARGET SYMBOL FILE): adds the text of FILE to TARGET as `extern const std::string_view convoke::SYMBOL`.
function(convoke_embed target symbol file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} content)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [=[
#pragma clang diagnostic ignored "-Woverlength-strings"
#include <string_view>
namespace convoke {
extern const std::string_view @symbol@;
const std::string_view @symbol@ = R"~embedded~(@content@)~embedded~";
}  // namespace convoke
]=])
  target_sources(${target} PRIVATE ${source})
endfunction()
