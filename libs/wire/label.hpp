// What a message is, in words, for failpoints: `Report.Item.response`, `Command.CreateTask`, `Answer.Acknowledged`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace convoke::wire {

/// The kind and, where the body says more, its member and what that is. `body` may be any bytes.
std::string label_of(std::uint8_t kind, std::string_view body);
/// The same, the kind read from the bytes of a header.
std::string label_of(std::string_view header, std::string_view body);

}  // namespace convoke::wire
