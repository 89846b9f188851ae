// Proper names in a text: runs of capitalised words, and first names however they are written.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "model/entities.hpp"

namespace convoke::model {

void find_names(std::string_view text, const std::vector<Token>& tokens, const std::vector<bool>& used,
                const std::function<bool(std::string_view)>& known, const std::function<void(Entity)>& found);

}  // namespace convoke::model
