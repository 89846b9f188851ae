// What the people of the soak work with: a team whose agents talk, ask each other and call template tools, and what its model says. The
// model is scripted, so that every task has the same three effects and every message one answer.
#pragma once

#include <cstddef>
#include <string_view>

namespace convoke::soak {

inline constexpr std::size_t effects_of_a_task = 3;

inline constexpr std::string_view team = R"(name: shop
description: A shop with four clerks.
version: "1"
models: {default: offline, planner: offline, selector: offline, gate: offline, summary: offline}
starting_tasks: [{id: sell, name: Sell, prompt: Sell a chair., logo: phone}]
agents:
  - name: Cashier
    concurrency: 64
    description: Takes money.
    instructions: You take money.
    can_contact: [Expert]
    tools:
      - name: charge
        description: Charges an amount.
        parameters: [{name: amount, type: integer, description: How much.}]
        response: Charged {amount}.
  - name: Echo
    concurrency: 64
    description: Hears what is said.
    instructions: You hear.
    tools: []
  - name: Asker
    concurrency: 64
    description: Asks others.
    instructions: You ask.
    can_contact: [Expert]
    tools: []
  - name: Expert
    concurrency: 64
    description: Knows prices and keeps the files.
    instructions: You know prices.
    tools:
      - name: look_up_price
        description: Looks a price up.
        parameters: [{name: article, description: What.}]
        response: The price of {article} is 12.
      - name: file_receipt
        description: Files a receipt.
        parameters: [{name: title, description: What.}]
        response: Filed {title}.
)";

inline constexpr std::string_view script = R"(answers:
  - agent: planner
    content:
      initial_goal: Sell a chair.
      steps:
        - {action: "Sell a chair. Function: charge", agent: Cashier, function: charge, depends_on: []}
        - {action: "File the receipt. Function: file_receipt", agent: Expert, function: file_receipt, depends_on: [0]}
      summary_plan_and_steps: A chair is sold, and its receipt filed.
      human_clarification_request: null
  - {agent: Cashier, turn: 1, tool_calls: [{name: chat_with_agent, arguments: {agent_name: Expert, question: "What does a chair cost?"}}]}
  - {agent: Cashier, turn: 2, tool_calls: [{name: charge, arguments: {amount: 12}}]}
  - {agent: Cashier, turn: 3, content: "The chair is sold for 12."}
  - {agent: Asker, turn: 1, tool_calls: [{name: chat_with_agent, arguments: {agent_name: Expert, question: "What does a chair cost?"}}]}
  - {agent: Asker, turn: 2, content: "A chair costs 12, I am told."}
  - {agent: Expert, turn: 1, tool_calls: [{name: look_up_price, arguments: {article: chair}}]}
  - {agent: Expert, turn: 2, content: "A chair costs 12."}
  - {agent: Expert, turn: 3, tool_calls: [{name: file_receipt, arguments: {title: chair}}]}
  - {agent: Expert, turn: 4, content: "The receipt is filed."}
  - {agent: Echo, content: "I hear you."}
otherwise: error
)";

}  // namespace convoke::soak
