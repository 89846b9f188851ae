// What the command line prints: colour only where it is wanted, tables that fit, JSON when asked for, and a line of progress that is
// rewritten in place on a terminal and left out elsewhere. What cannot be written is noticed: the command ends with it.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "api/common/fields.hpp"
#include "core/result.hpp"

namespace convoke::cli {

using api::Json;

enum class Tone : std::uint8_t { plain, bold, dim, good, bad, warn, name };

class Output {
 public:
  /// `terminal`: somebody looks (progress lines, prompts); `color`: escape sequences may be used.
  Output(std::ostream& out, std::ostream& err, bool terminal, bool color, bool json);

  std::string paint(Tone tone, std::string_view text) const;
  /// A line, after clearing the progress line.
  void line(std::string_view text = {});
  /// Text without a line's end, for what streams.
  void piece(std::string_view text);
  /// Asks for a line of input: to where errors go when what is printed is JSON.
  void prompt(std::string_view text);
  /// The rest of a line that pieces began, and its end.
  void line_rest(std::string_view text) {
    piece(text);
    end_pieces();
  }
  /// Ends a line that pieces began.
  void end_pieces();
  /// The cursor is at a line's beginning: somebody typed a line's end.
  void reset_line() { mid_line_ = false; }
  /// The line of progress, cut to the terminal's present width; rewritten by the next one. Nothing without a terminal, or while pieces have
  /// begun a line.
  void progress(std::string_view text);
  void clear_progress();
  /// Lines of a table: on a terminal cut to its present width.
  void rows(const std::vector<std::string>& lines);
  /// One JSON value a line.
  void value(const Json& json);
  void error(const Error& error);
  void error(std::string_view sentence, std::string_view code = "INVALID");

  /// The errno of the first write that failed; 0 while all could be written.
  int write_error() const { return write_error_; }
  /// Called once, with that errno, when a write fails.
  void on_write_error(std::function<void(int)> call) { failed_ = std::move(call); }

  /// For a terminal that cannot take back what was written: no lines of progress.
  void leave_out_progress() { can_rewrite_ = false; }

  bool json() const { return json_; }
  bool terminal() const { return terminal_; }
  /// Columns of the terminal now; 80 where it does not say.
  std::size_t width() const;
  /// Instead of what the terminal says.
  void fix_width(std::size_t columns) { fixed_width_ = columns; }

 private:
  void write(std::string_view text, std::string_view end = {});

  std::ostream& out_;
  std::ostream& err_;
  bool terminal_;
  bool color_;
  bool json_;
  std::size_t fixed_width_ = 0;
  bool can_rewrite_ = true;
  bool progress_shown_ = false;
  bool mid_line_ = false;
  int write_error_ = 0;
  std::function<void(int)> failed_;
};

/// The text of that name in an object; empty when it is absent or something else.
std::string text_of(const Json& json, const char* name);
/// The whole number from 0 of that name in an object; `otherwise` when it is absent or something else.
std::uint64_t count_of(const Json& json, const char* name, std::uint64_t otherwise = 0);
/// The object of that name in an object; one without members when it is absent or something else.
Json object_of(const Json& json, const char* name);
/// The list of that name in an object; an empty one when it is absent or something else.
Json list_of(const Json& json, const char* name);
/// Rows under a head, columns aligned by characters; the last column is not padded. Pure.
std::vector<std::string> table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows);
/// Columns that a text takes: code points, roughly.
std::size_t width_of(std::string_view text);
/// `1.2 s`, `350 ms`, `2 min 5 s`.
std::string duration_text(std::int64_t ms);
/// `12 MiB`.
std::string size_text(std::uint64_t bytes);
/// What came from outside, safe to show on a terminal: control characters but line ends and tabs are replaced, and what changes the
/// direction of writing, so that the words that are read are those that were said.
std::string safe(std::string_view text);
/// The first line, at most `width` columns.
std::string brief(std::string_view text, std::size_t width);

}  // namespace convoke::cli
