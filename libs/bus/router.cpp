#include "bus/router.hpp"
