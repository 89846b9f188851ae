// What is fixed for every kind of message: its delivery class and its name. A kind without a line in kinds.cpp does not compile.
#pragma once

#include <cstdint>
#include <string_view>

#include "wire/body_generated.h"
#include "wire/header_generated.h"

namespace convoke::wire {

/// Time that messages without a deadline of their own may travel.
inline constexpr std::uint32_t default_ttl_ms = 10'000;

/// Answers take the class of what they answer; this is the class of a first message.
Class class_of(Body kind) noexcept;
inline std::string_view name_of(Body kind) noexcept { return EnumNameBody(kind); }
/// Whether this build knows the kind at all.
inline bool is_known(std::uint8_t kind) noexcept { return kind > 0 && kind <= static_cast<std::uint8_t>(Body::MAX); }

}  // namespace convoke::wire
