// libcurl, loaded when the first request is made. Linked in the ordinary way it brings two dozen shared libraries along, which cost every
// process that may export spans, but does not, 6 MB and 3 ms at its start. Internal to this folder; the only header that shows curl.
#pragma once

#include <curl/curl.h>

#include "core/result.hpp"

namespace convoke::http {

/// The functions of libcurl's API (libcurl.so.4) that we call, under their own names without `curl_`.
struct CurlLibrary {
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_setopt) multi_setopt = nullptr;
  decltype(&::curl_multi_socket_action) multi_socket_action = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
};

/// Loads the library and initialises it, once for the process. UNAVAILABLE, with the reason, where that fails.
Status load_curl();
/// The library, once load_curl() has succeeded.
const CurlLibrary& curl();

}  // namespace convoke::http
