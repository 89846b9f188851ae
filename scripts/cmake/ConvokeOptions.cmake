# Every flag of the build, on one INTERFACE target that all others link.
option(CONVOKE_TESTS "Build the tests" ON)
option(CONVOKE_FAILPOINTS "Compile failpoints in (tests only, never in a release)" OFF)
option(CONVOKE_COVERAGE "Count which lines of the cores the simulation reaches (scripts/simulate --coverage)" OFF)
set(CONVOKE_SANITIZE "" CACHE STRING "Sanitizers to compile with, such as address,undefined or thread")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(convoke_flags INTERFACE)
target_compile_options(convoke_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Woverloaded-virtual -Wconversion -Wno-sign-conversion -Wnull-dereference -Wimplicit-fallthrough -Werror
  -Wno-missing-designated-field-initializers  # fields that are not named keep their defaults: that is what such initialisers are for
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. "SHELL:-Xclang -fno-pch-timestamp")
# Boost.Asio and Beast are compiled once, in libs/core/asio_impl.cpp and libs/http/beast_impl.cpp.
target_compile_definitions(convoke_flags INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_BEAST_SEPARATE_COMPILATION SPDLOG_FMT_EXTERNAL SPDLOG_COMPILED_LIB)
target_include_directories(convoke_flags INTERFACE ${CMAKE_SOURCE_DIR}/libs)
target_link_options(convoke_flags INTERFACE -fuse-ld=lld)
if(CONVOKE_SANITIZE)
  target_compile_options(convoke_flags INTERFACE -fsanitize=${CONVOKE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(convoke_flags INTERFACE -fsanitize=${CONVOKE_SANITIZE})
endif()
if(CONVOKE_FAILPOINTS)
  target_compile_definitions(convoke_flags INTERFACE CONVOKE_FAILPOINTS=1)
endif()
