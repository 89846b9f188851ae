// Boost.Beast's non-template code, compiled once (BOOST_BEAST_SEPARATE_COMPILATION).
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <boost/beast/src.hpp>
#pragma clang diagnostic pop
