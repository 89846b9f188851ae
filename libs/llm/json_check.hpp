// Is a text JSON? Asked of schemas that go into a request as they are.
#pragma once

#include <string_view>

#include "core/result.hpp"

namespace convoke::llm {

/// INVALID with `what` in the sentence unless `text` is one JSON object, nested at most 128 levels deep.
Status check_object(std::string_view text, std::string_view what);

}  // namespace convoke::llm
