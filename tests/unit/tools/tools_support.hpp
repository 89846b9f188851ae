// Tools as tests need them.
#pragma once

#include "tools/tool.hpp"

namespace convoke::tools::test {

inline Tool order_hardware() {
  return {.name = "order_hardware",
          .description = "Orders hardware.",
          .parameters = {{.name = "item_name", .description = "What to order"},
                         {.name = "quantity", .type = Type::integer, .description = "How many"},
                         {.name = "urgency",
                          .description = "How soon",
                          .required = false,
                          .default_json = R"("normal")",
                          .one_of = {R"("normal")", R"("high")"}},
                         {.name = "colours", .type = Type::list, .description = "Colours", .required = false},
                         {.name = "budget", .type = Type::number, .description = "At most", .required = false}},
          .synonyms = {"buy laptops", "purchase equipment"},
          .response = "Ordered {quantity} of **{item_name}** ({urgency}), colours: {colours}, budget: {budget}."};
}

}  // namespace convoke::tools::test
