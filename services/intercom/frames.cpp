#include "intercom/frames.hpp"

#include <cstring>

namespace convoke::intercom {
namespace {

constexpr flatbuffers::uoffset_t max_depth = 32;
constexpr flatbuffers::uoffset_t max_tables = 200'000;

}  // namespace

bool HeaderView::read(std::span<std::uint8_t> bytes) {
  header_ = nullptr;
  if (bytes.size() < 8 || bytes.size() > copy_.size()) return false;
  original_ = bytes;
  std::memcpy(copy_.data(), bytes.data(), bytes.size());
  flatbuffers::Verifier verifier(copy_.data(), bytes.size(), 4, 16);
  if (!verifier.VerifyBuffer<wire::Header>(nullptr)) return false;
  header_ = flatbuffers::GetMutableRoot<wire::Header>(copy_.data());
  return true;
}

bool HeaderView::set_source_replica(const convoke::Uuid& replica) {
  auto* field = header_->mutable_source_replica();
  if (field == nullptr) return false;
  field->mutate_hi(replica.hi);
  field->mutate_lo(replica.lo);
  const auto offset = reinterpret_cast<const std::uint8_t*>(field) - copy_.data();
  std::memcpy(original_.data() + offset, field, sizeof *field);
  return true;
}

BodyView::BodyView(std::string_view bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) != 0) {
    copy_.assign(bytes);
    bytes = copy_;
  }
  if (bytes.size() < 8) return;
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), max_depth, max_tables);
  if (verifier.VerifyBuffer<wire::Envelope>(nullptr)) envelope_ = flatbuffers::GetRoot<wire::Envelope>(bytes.data());
}

}  // namespace convoke::intercom
