# Splits what flatc generates, so that each file that includes a header is compiled in half the time: functions of the object API that are
# declared before they are defined (copying, packing, unpacking, comparing) leave the header for a source that is compiled once.
# Usage: awk -v name=NAME -v header=FILE -v source=FILE -f split.awk NAME_generated.h
BEGIN { print "#include \"wire/" name "_generated.h\"\n" > source }
/^namespace .* \{$/ || /^}  \/\/ namespace / { print > source }
/^inline / {
  is_member = /^inline ([^(]*[ *&])?[A-Za-z]+::[A-Za-z=]+\(/
  is_comparison = /^inline bool operator[!=]=\(const [A-Za-z]+T &/
  is_packing = / Create[A-Za-z]+\(.*T \*_o, const flatbuffers::rehasher_function_t \*_rehasher\) \{$/
  if (is_member || is_comparison || is_packing) {
    moving = 1
    sub(/^inline /, "")
  }
}
moving {
  print > source
  if (/^[^ ].*}$/ || /^}$/) moving = 0
  next
}
{ print > header }
