#include "formats/apdu/status_word.h"

namespace simurgh::apdu {

namespace {

struct Row {
  uint16_t value;
  const char* meaning;
};

constexpr Row whole_words[] = {
    {0x9000, "normal ending"},
    {0x9300, "toolkit is busy"},
    {0x6200, "no information given, memory unchanged"},
    {0x6281, "part of the returned data may be corrupted"},
    {0x6282, "end of file or record reached"},
    {0x6283, "selected file invalidated"},
    {0x6285, "selected file in termination state"},
    {0x62f1, "more data available"},
    {0x62f2, "more data available and proactive command pending"},
    {0x62f3, "response data available"},
    {0x63f1, "more data expected"},
    {0x63f2, "more data expected and proactive command pending"},
    {0x6400, "no information given, memory unchanged"},
    {0x6500, "no information given, memory changed"},
    {0x6581, "memory problem"},
    {0x6700, "wrong length"},
    {0x6800, "function in class not supported"},
    {0x6881, "logical channel not supported"},
    {0x6882, "secure messaging not supported"},
    {0x6900, "command not allowed"},
    {0x6981, "command incompatible with file structure"},
    {0x6982, "security status not satisfied"},
    {0x6983, "authentication method blocked"},
    {0x6984, "referenced data invalidated"},
    {0x6985, "conditions of use not satisfied"},
    {0x6986, "no file selected"},
    {0x6989, "security condition not satisfied, secure channel needed"},
    {0x6a80, "incorrect parameters in the data field"},
    {0x6a81, "function not supported"},
    {0x6a82, "file not found"},
    {0x6a83, "record not found"},
    {0x6a84, "not enough memory"},
    {0x6a86, "incorrect parameters p1 or p2"},
    {0x6a87, "lc inconsistent with p1 and p2"},
    {0x6a88, "referenced data not found"},
    {0x6a89, "file already exists"},
    {0x6b00, "wrong parameters p1 or p2"},
    {0x6d00, "instruction not supported"},
    {0x6e00, "class not supported"},
    {0x6f00, "technical problem"},
    {0x9850, "increase cannot be performed, maximum reached"},
    {0x9862, "authentication error, incorrect mac"},
    {0x9863, "security session or association expired"},
    {0x9864, "authentication error, security context not supported"},
    {0x9865, "key freshness failure"},
    {0x9866, "authentication error, no memory space available"},
};

}  // namespace

const char* StatusWord::meaning() const {
  for (const Row& row : whole_words) {
    if (row.value == value) return row.meaning;
  }
  switch (sw1()) {
    case 0x61: return "response data available";
    case 0x62: return "warning, memory unchanged";
    case 0x63:
      return (value & 0xfff0) == 0x63c0 ? "verification failed, tries left in the last digit"
                                        : "warning, memory changed";
    case 0x64: return "execution error, memory unchanged";
    case 0x65: return "execution error, memory changed";
    case 0x67: return "wrong length";
    case 0x69: return "command not allowed";
    case 0x6a: return "wrong parameters";
    case 0x6c: return "wrong le, the right one in the second octet";
    case 0x6f: return "technical problem";
    case 0x91: return "normal ending, proactive command pending";
    case 0x92: return "normal ending, after retries";
    case 0x9f: return "normal ending, response data available";
    default: return "unknown status word";
  }
}

}  // namespace simurgh::apdu
