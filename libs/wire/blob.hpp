// Single tables as bytes, for logs, transcripts, parts and state: packed whole, verified when read.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace convoke::wire {

template <class NativeT> std::string pack(const NativeT& value) {
  using Table = typename NativeT::TableType;
  thread_local flatbuffers::FlatBufferBuilder builder(4096);
  builder.Clear();
  builder.Finish(Table::Pack(builder, &value));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

/// MALFORMED when the bytes do not verify as that table.
template <class NativeT> Result<NativeT> unpack(std::string_view bytes) {
  using Table = typename NativeT::TableType;
  const std::string aligned(bytes);  // a string's own buffer is aligned, a view into something need not be
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned.data()), aligned.size(), 64, 1'000'000);
  if (!verifier.VerifyBuffer<Table>(nullptr))
    return fail(convoke::Fault::malformed, "stored bytes do not verify as the table they should be");
  NativeT value;
  flatbuffers::GetRoot<Table>(aligned.data())->UnPackTo(&value);
  return value;
}

}  // namespace convoke::wire
