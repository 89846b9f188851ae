# convoke_library(NAME SOURCES … [DEPS …] [PRIVATE_DEPS …])   libs/<name> or the core of a service, target convoke_<name>
# convoke_program(NAME SOURCES … [DEPS …])                    an executable in <build>/bin/<NAME>
# convoke_test(NAME LABEL unit|integration|… SOURCES … [DEPS …] [TIMEOUT s])   a Catch2 program, run whole by ctest
function(convoke_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(convoke_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(convoke_${name} PUBLIC convoke_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

function(convoke_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE convoke_flags ${ARG_DEPS})
endfunction()

function(convoke_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE convoke_test_main ${ARG_DEPS})
  add_test(NAME ${ARG_LABEL}.${name} COMMAND test_${name})
  set_tests_properties(${ARG_LABEL}.${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
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
