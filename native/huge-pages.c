// Huge pages for piece memory, on systems that give them to whoever asks (Linux, transparent_hugepage/enabled: madvise).
//
//   advise(memory: Uint8Array): boolean    false when the system knows no huge pages, or has none for this process
//
// A page of 2 MiB is one fault where 4 KiB are 512, and one entry of the TLB, for everybody who reads or writes the memory:
// sockets, hashes and files. Memory that is never touched costs nothing as before, in steps of 2 MiB.
#define _DEFAULT_SOURCE
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static napi_value advise(napi_env env, napi_callback_info info) {
  napi_value memory = NULL, answer = NULL;
  size_t count = 1, length = 0;
  napi_typedarray_type type = napi_float64_array;
  void *data = NULL;
  bool advised = false;
  if (napi_get_cb_info(env, info, &count, &memory, NULL, NULL) != napi_ok ||
      napi_get_typedarray_info(env, memory, &type, &length, &data, NULL, NULL) != napi_ok || type != napi_uint8_array) {
    napi_throw_type_error(env, NULL, "huge-pages: memory is a Uint8Array");
    return NULL;
  }
#ifdef MADV_HUGEPAGE
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t first = ((uintptr_t)data + page - 1) & ~(page - 1);
  const uintptr_t end = ((uintptr_t)data + length) & ~(page - 1);
  advised = first < end && madvise((void *)first, end - first, MADV_HUGEPAGE) == 0;
#endif
  napi_get_boolean(env, advised, &answer);
  return answer;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "advise", NAPI_AUTO_LENGTH, advise, NULL, &function) != napi_ok ||
      napi_set_named_property(env, exports, "advise", function) != napi_ok) {
    return NULL;
  }
  return exports;
}
