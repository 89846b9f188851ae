// Reading frames where they lie. Bytes from a transport may be misaligned and FlatBuffers reads scalars in place, so the header is copied
// to aligned memory (some 200 bytes), verified and read there, and the few fixed-width fields that a router changes are written to both.
// A body is opened only where the router has to know more than the header says (work, its reports, what it is asked itself).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wire/message.hpp"

namespace convoke::intercom {

inline constexpr std::size_t max_header_bytes = 4'096;

class HeaderView {
 public:
  /// False when the bytes are no header; nothing may be read then. Says nothing about the protocol version.
  bool read(std::span<std::uint8_t> bytes);

  const wire::Header& operator*() const { return *header_; }
  const wire::Header* operator->() const { return header_; }
  wire::Class class_of() const { return header_->class_(); }
  convoke::Uuid id() const { return header_->id() ? wire::from_wire(*header_->id()) : convoke::Uuid{}; }
  std::string_view dest() const { return text(header_->dest()); }
  std::string_view source() const { return text(header_->source()); }
  convoke::Uuid dest_replica() const { return header_->dest_replica() ? wire::from_wire(*header_->dest_replica()) : convoke::Uuid{}; }
  convoke::Uuid source_replica() const { return header_->source_replica() ? wire::from_wire(*header_->source_replica()) : convoke::Uuid{}; }
  /// False when the sender left the field out.
  bool set_source_replica(const convoke::Uuid& replica);
  std::size_t size() const { return original_.size(); }
  /// As it now is.
  std::string_view bytes() const { return {reinterpret_cast<const char*>(copy_.data()), original_.size()}; }

 private:
  static std::string_view text(const flatbuffers::String* text) { return text ? std::string_view(text->c_str(), text->size()) : ""; }

  alignas(16) std::array<std::uint8_t, max_header_bytes> copy_{};
  std::span<std::uint8_t> original_;
  wire::Header* header_ = nullptr;
};

/// A verified body in place, or nullptr. `Member` is a table of the Body union, such as wire::Work.
class BodyView {
 public:
  explicit BodyView(std::string_view bytes);
  bool empty() const { return envelope_ == nullptr; }
  template <class Member> const Member* as() const {
    return envelope_ && envelope_->body_type() == wire::BodyTraits<Member>::enum_value ? static_cast<const Member*>(envelope_->body())
                                                                                       : nullptr;
  }

 private:
  std::string copy_;  // of misaligned bytes
  const wire::Envelope* envelope_ = nullptr;
};

inline std::string_view text_of(const flatbuffers::String* text) { return text ? std::string_view(text->c_str(), text->size()) : ""; }

}  // namespace convoke::intercom
