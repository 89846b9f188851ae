// The one main() of every Catch2 program; compiled once because the Catch2 runner is heavy.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
