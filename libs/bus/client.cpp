#include "bus/client.hpp"
