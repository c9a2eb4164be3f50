// SHA-1 (FIPS 180-4) of several streams of bytes side by side on one core, for x86-64 with the SHA instructions or AVX-512.
//
// One SHA-1 is a chain: each of its steps waits for the one before, and the core idles meanwhile. Chains that have
// nothing to do with each other fill the gaps, and pieces of a torrent are such chains: three by the SHA instructions take
// 1.4 times as long as one, and AVX-512 takes sixteen at once. sha1-kernels.h has both loops; here lanes are kept full.
// docs/decisions/0016-sha1-lanes.md has the figures. Without this module everything works as well, only slower.
//
//   kernels: number                              which loops this CPU can run: 1 SHA instructions, 2 AVX-512, 3 both, 0 none
//   hash(states, plan, views, kernels): void     states: Uint8Array of 32 bytes each; plan: Int32Array [views, flags] for each
//                                                state; views: Uint8Array, those of the first state first; kernels: those to
//                                                use. Throws for a malformed plan, and for kernels that the CPU lacks.
//
// A state is five words of the running hash, a word unused, and the count of bytes so far (64 bits). Flag 1 begins it,
// flag 2 ends it: its first 20 bytes are the digest then. Only the last view of a stream may have a length that is not a
// multiple of 64.
#include "sha1-kernels.h"
#include <cpuid.h>
#include <node_api.h>
#include <stdbool.h>
#include <string.h>

enum { DIGEST = 20, STATE_BYTES = 32, LENGTH_AT = 24, BEGINS = 1, ENDS = 2, BY_SHA = 1, BY_AVX512 = 2 };

/** Streams from which on 16 lanes, some of them idle, are faster than three lanes one after the other. */
enum { WIDE_FROM = 7 };

/** One stream on its way through the lanes. */
typedef struct {
  lane lane; // first: a pointer to it is one to the stream
  uint8_t *state;
  uint64_t length;
  uint32_t next_view, views_end; // of the call's views
  bool ends, padded;
  uint8_t tail[2 * CHUNK]; // what is left of the last view, and the padding
} stream;

/** What a call was given. */
typedef struct {
  napi_env env;
  napi_value states, views;
  const int32_t *plan;
  uint32_t streams, next_stream, next_view, views_length, kernels;
} request;

/** The streams that go together of the first `count`: as many as are fastest. */
static int abreast(uint32_t kernels, int count) {
  if (kernels == BY_AVX512 || ((kernels & BY_AVX512) != 0 && count >= WIDE_FROM)) return count;
  return count < SHA_LANES ? count : SHA_LANES;
}

static void compress(uint32_t kernels, lane *const *in, size_t chunks, int lanes) {
  if (kernels == BY_AVX512 || lanes > SHA_LANES) compress_wide(in, chunks, lanes);
  else compress_sha(in, chunks, lanes);
}

static bool typed_array(napi_env env, napi_value value, napi_typedarray_type wanted, void **data, size_t *length) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok && type == wanted;
}

static bool uint8_element(napi_env env, napi_value array, uint32_t index, uint8_t **data, size_t *length) {
  napi_value element;
  return napi_get_element(env, array, index, &element) == napi_ok &&
         typed_array(env, element, napi_uint8_array, (void **)data, length);
}

/** The rest of the last view, a one bit, zeros, and the length in bits. */
static void pad(stream *s, const uint8_t *rest, size_t bytes) {
  const size_t chunks = bytes + 9 <= CHUNK ? 1 : 2;
  const uint64_t bits = s->length * 8;
  memset(s->tail, 0, sizeof s->tail);
  if (bytes > 0) memcpy(s->tail, rest, bytes);
  s->tail[bytes] = 0x80;
  for (int i = 0; i < 8; i++) s->tail[chunks * CHUNK - 1 - i] = (uint8_t)(bits >> (8 * i));
  s->lane.data = s->tail;
  s->lane.chunks = chunks;
  s->padded = true;
}

/** Goes on to bytes that can be hashed. False when the stream has none left; `*wrong` tells of a malformed plan. */
static bool advance(request *r, stream *s, bool *wrong) {
  const uint8_t *rest = NULL;
  size_t bytes = 0;
  while (s->next_view < s->views_end) {
    uint8_t *view;
    size_t length;
    if (!uint8_element(r->env, r->views, s->next_view++, &view, &length)) return *wrong = true, false;
    s->length += length;
    s->lane.data = view;
    s->lane.chunks = length / CHUNK;
    rest = view + s->lane.chunks * CHUNK;
    bytes = length % CHUNK;
    if (bytes > 0 && !(s->ends && s->next_view == s->views_end)) return *wrong = true, false;
    // The bytes behind the last whole chunk wait in `tail` until those before them are hashed.
    if (bytes > 0) memcpy(s->tail, rest, bytes);
    if (s->lane.chunks > 0) return true;
  }
  if (!s->ends || s->padded) return false;
  uint8_t last[CHUNK];
  bytes = s->length % CHUNK;
  memcpy(last, s->tail, bytes);
  pad(s, last, bytes);
  return true;
}

static bool begin(request *r, stream *s, bool *wrong) {
  static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const uint32_t index = r->next_stream++;
  const int32_t views = r->plan[2 * index];
  const int32_t flags = r->plan[2 * index + 1];
  size_t length;
  if (views < 0 || (uint32_t)views > r->views_length - r->next_view ||
      !uint8_element(r->env, r->states, index, &s->state, &length) || length < STATE_BYTES) {
    return *wrong = true, false;
  }
  s->next_view = r->next_view;
  s->views_end = r->next_view += (uint32_t)views;
  s->ends = (flags & ENDS) != 0;
  s->padded = false;
  s->length = 0;
  memcpy(s->lane.words, start, sizeof start);
  if ((flags & BEGINS) == 0) {
    memcpy(s->lane.words, s->state, sizeof s->lane.words);
    memcpy(&s->length, s->state + LENGTH_AT, sizeof s->length);
  }
  return true;
}

static void leave(stream *s) {
  if (s->ends) {
    for (int word = 0; word < 5; word++) s->lane.words[word] = __builtin_bswap32(s->lane.words[word]);
  }
  memcpy(s->state, s->lane.words, DIGEST);
  memcpy(s->state + LENGTH_AT, &s->length, sizeof s->length);
}

/** Keeps the lanes full: a stream that ends makes room for the next one. Returns false for a malformed plan. */
static bool run(request *r) {
  stream streams[WIDE_LANES];
  lane *lanes[WIDE_LANES];
  const int most = (r->kernels & BY_AVX512) != 0 ? WIDE_LANES : SHA_LANES;
  int count = 0;
  bool wrong = false;
  for (int i = 0; i < most; i++) lanes[i] = &streams[i].lane;
  for (;;) {
    while (count < most && r->next_stream < r->streams) {
      stream *s = (stream *)lanes[count];
      if (!begin(r, s, &wrong)) return false;
      if (advance(r, s, &wrong)) count++;
      else if (wrong) return false;
      else leave(s);
    }
    if (count == 0) return true;
    const int together = abreast(r->kernels, count);
    size_t chunks = lanes[0]->chunks;
    for (int i = 1; i < together; i++) chunks = lanes[i]->chunks < chunks ? lanes[i]->chunks : chunks;
    compress(r->kernels, lanes, chunks, together);
    for (int i = together - 1; i >= 0; i--) {
      stream *s = (stream *)lanes[i];
      if (s->lane.chunks > 0 || advance(r, s, &wrong)) continue;
      if (wrong) return false;
      leave(s);
      lanes[i] = lanes[--count];
      lanes[count] = &s->lane;
    }
  }
}

/** The loops that this CPU can run, and for which the system keeps the registers. */
static uint32_t supported(void) {
  unsigned a, b, c, d;
  __builtin_cpu_init();
  uint32_t kernels = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? BY_AVX512 : 0;
  const bool shuffles = __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1");
  if (shuffles && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0) kernels |= BY_SHA;
  return kernels;
}

static napi_value hash(napi_env env, napi_callback_info info) {
  napi_value arguments[4] = {NULL, NULL, NULL, NULL};
  size_t count = 4, plan_length = 0;
  void *plan = NULL;
  request r = {.env = env};
  const bool good = napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok &&
                    napi_get_array_length(env, arguments[0], &r.streams) == napi_ok &&
                    typed_array(env, arguments[1], napi_int32_array, &plan, &plan_length) &&
                    napi_get_array_length(env, arguments[2], &r.views_length) == napi_ok &&
                    napi_get_value_uint32(env, arguments[3], &r.kernels) == napi_ok &&
                    r.kernels != 0 && (r.kernels & ~supported()) == 0 && plan_length / 2 >= r.streams;
  r.states = arguments[0];
  r.plan = plan;
  r.views = arguments[2];
  if (!good || !run(&r)) napi_throw_range_error(env, NULL, "sha1-lanes: states, plan, views and kernels do not fit together");
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value kernels, function;
  if (napi_create_uint32(env, supported(), &kernels) != napi_ok ||
      napi_set_named_property(env, exports, "kernels", kernels) != napi_ok ||
      napi_create_function(env, "hash", NAPI_AUTO_LENGTH, hash, NULL, &function) != napi_ok ||
      napi_set_named_property(env, exports, "hash", function) != napi_ok) {
    return NULL;
  }
  return exports;
}
