// The standard output as a stream that loses nothing in silence: written whole when it is flushed, also where somebody else made the
// descriptor non-blocking (whoever reads a terminal does, for all that share it), and with the system's errno when it cannot be.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>

namespace convoke::cli {

class DescriptorBuffer : public std::streambuf {
 public:
  explicit DescriptorBuffer(int descriptor) : descriptor_(descriptor) {}

 protected:
  int_type overflow(int_type byte) override;
  std::streamsize xsputn(const char* bytes, std::streamsize count) override;
  /// -1, and errno, when not all could be written; the rest is dropped.
  int sync() override;

 private:
  int descriptor_;
  std::string waiting_;
};

class DescriptorStream : public std::ostream {
 public:
  explicit DescriptorStream(int descriptor) : std::ostream(nullptr), buffer_(descriptor) { rdbuf(&buffer_); }

 private:
  DescriptorBuffer buffer_;
};

/// True for a pipe or socket whose other end has been closed: nobody will read what is written there.
bool is_reader_gone(int descriptor);

}  // namespace convoke::cli
