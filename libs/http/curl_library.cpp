#include "http/curl_library.hpp"

#include <dlfcn.h>

#include <string>

namespace convoke::http {
namespace {

CurlLibrary library;

/// The name of the first function that is missing, or nullptr.
const char* bind(void* handle) {
  const char* missing = nullptr;
  const auto take = [&](const char* name, auto& function) {
    void* symbol = ::dlsym(handle, name);
    if (symbol == nullptr) missing = name;
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(symbol);
  };
  take("curl_easy_cleanup", library.easy_cleanup);
  take("curl_easy_getinfo", library.easy_getinfo);
  take("curl_easy_init", library.easy_init);
  take("curl_easy_reset", library.easy_reset);
  take("curl_easy_setopt", library.easy_setopt);
  take("curl_easy_strerror", library.easy_strerror);
  take("curl_multi_add_handle", library.multi_add_handle);
  take("curl_multi_cleanup", library.multi_cleanup);
  take("curl_multi_info_read", library.multi_info_read);
  take("curl_multi_init", library.multi_init);
  take("curl_multi_remove_handle", library.multi_remove_handle);
  take("curl_multi_setopt", library.multi_setopt);
  take("curl_multi_socket_action", library.multi_socket_action);
  take("curl_slist_append", library.slist_append);
  take("curl_slist_free_all", library.slist_free_all);
  return missing;
}

Status load() {
  void* handle = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return fail(Fault::unavailable, std::string("http: cannot load libcurl: ") + ::dlerror());
  if (const auto* missing = bind(handle)) return fail(Fault::unavailable, std::string("http: libcurl has no function ") + missing);
  const auto start = reinterpret_cast<decltype(&::curl_global_init)>(::dlsym(handle, "curl_global_init"));
  if (start == nullptr || start(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail(Fault::unavailable, "http: libcurl cannot be initialised");
  return {};
}

}  // namespace

Status load_curl() {
  static const Status loaded = load();
  return loaded;
}

const CurlLibrary& curl() { return library; }

}  // namespace convoke::http
