// SHA-1 (FIPS 180-4) of several streams of bytes side by side on one core, for x86-64 with the SHA instructions.
//
// One SHA-1 is a chain: each of its steps waits for the one before, and the SHA unit idles meanwhile. Chains that have
// nothing to do with each other fill the gaps: three of them take 1.4 times as long as one. Pieces of a torrent are such
// chains. A fourth would need more registers than there are.
// docs/decisions/0016-sha1-lanes.md has the figures. Without this module everything works as well, only slower.
//
//   supported: boolean                  whether this CPU has the instructions
//   hash(states, plan, views): void     states: Uint8Array of 32 bytes each; plan: Int32Array [views, flags] for each state;
//                                       views: Uint8Array, those of the first state first. Throws for a malformed plan.
//
// A state is five words of the running hash, a word unused, and the count of bytes so far (64 bits). Flag 1 begins it,
// flag 2 ends it: its first 20 bytes are the digest then. Only the last view of a stream may have a length that is not a
// multiple of 64.
#include <cpuid.h>
#include <immintrin.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 3, CHUNK = 64, DIGEST = 20, STATE_BYTES = 32, LENGTH_AT = 24, BEGINS = 1, ENDS = 2 };

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

/** One stream on its way through the lanes. */
typedef struct {
  uint8_t *state;
  uint32_t words[5];
  uint64_t length;
  uint32_t next_view, views_end; // of the call's views
  bool ends, padded;
  const uint8_t *data;
  size_t chunks;         // whole chunks at `data`
  uint8_t tail[2 * CHUNK]; // what is left of the last view, and the padding
} stream;

/** What a call was given. */
typedef struct {
  napi_env env;
  napi_value states, views;
  const int32_t *plan;
  uint32_t streams, next_stream, next_view, views_length;
} request;

/** Runs `chunks` chunks through `lanes` streams at once. Inlined for each count, so that every index is a constant. */
TARGET static inline __attribute__((always_inline)) void compress(stream *const *in, size_t chunks, const int lanes) {
  const __m128i big_endian = _mm_set_epi64x(0x0001020304050607LL, 0x08090a0b0c0d0e0fLL);
  __m128i abcd[LANES], first_e[LANES], e[LANES], w[LANES][4], abcd_before[LANES], e_before[LANES];
  for (int i = 0; i < lanes; i++) {
    abcd[i] = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)in[i]->words), 0x1b);
    first_e[i] = _mm_set_epi32((int)in[i]->words[4], 0, 0, 0);
  }
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    for (int i = 0; i < lanes; i++) {
      abcd_before[i] = abcd[i];
      e_before[i] = first_e[i];
    }
#pragma GCC unroll 20
    for (int step = 0; step < 20; step++) { // four rounds each
#pragma GCC unroll 3
      for (int i = 0; i < lanes; i++) {
        __m128i *now = &w[i][step & 3];
        if (step < 4) {
          *now = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(in[i]->data + chunk * CHUNK + step * 16)), big_endian);
        } else {
          const __m128i mixed = _mm_xor_si128(_mm_sha1msg1_epu32(*now, w[i][(step + 1) & 3]), w[i][(step + 2) & 3]);
          *now = _mm_sha1msg2_epu32(mixed, w[i][(step + 3) & 3]);
        }
        const __m128i added = step == 0 ? _mm_add_epi32(first_e[i], *now) : _mm_sha1nexte_epu32(e[i], *now);
        e[i] = abcd[i];
        if (step < 5) abcd[i] = _mm_sha1rnds4_epu32(abcd[i], added, 0);
        else if (step < 10) abcd[i] = _mm_sha1rnds4_epu32(abcd[i], added, 1);
        else if (step < 15) abcd[i] = _mm_sha1rnds4_epu32(abcd[i], added, 2);
        else abcd[i] = _mm_sha1rnds4_epu32(abcd[i], added, 3);
      }
    }
    for (int i = 0; i < lanes; i++) {
      first_e[i] = _mm_sha1nexte_epu32(e[i], e_before[i]);
      abcd[i] = _mm_add_epi32(abcd[i], abcd_before[i]);
    }
  }
  for (int i = 0; i < lanes; i++) {
    _mm_storeu_si128((__m128i *)in[i]->words, _mm_shuffle_epi32(abcd[i], 0x1b));
    in[i]->words[4] = (uint32_t)_mm_extract_epi32(first_e[i], 3);
    in[i]->data += chunks * CHUNK;
    in[i]->chunks -= chunks;
  }
}

TARGET static void compress_lanes(stream *const *in, size_t chunks, int lanes) {
  switch (lanes) {
    case 1: compress(in, chunks, 1); break;
    case 2: compress(in, chunks, 2); break;
    default: compress(in, chunks, LANES);
  }
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
  s->data = s->tail;
  s->chunks = chunks;
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
    s->data = view;
    s->chunks = length / CHUNK;
    rest = view + s->chunks * CHUNK;
    bytes = length % CHUNK;
    if (bytes > 0 && !(s->ends && s->next_view == s->views_end)) return *wrong = true, false;
    // The bytes behind the last whole chunk wait in `tail` until those before them are hashed.
    if (bytes > 0) memcpy(s->tail, rest, bytes);
    if (s->chunks > 0) return true;
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
  memcpy(s->words, start, sizeof start);
  if ((flags & BEGINS) == 0) {
    memcpy(s->words, s->state, sizeof s->words);
    memcpy(&s->length, s->state + LENGTH_AT, sizeof s->length);
  }
  return true;
}

static void leave(stream *s) {
  if (s->ends) {
    for (int word = 0; word < 5; word++) s->words[word] = __builtin_bswap32(s->words[word]);
  }
  memcpy(s->state, s->words, DIGEST);
  memcpy(s->state + LENGTH_AT, &s->length, sizeof s->length);
}

/** Keeps the lanes full: a stream that ends makes room for the next one. Returns false for a malformed plan. */
static bool run(request *r) {
  stream streams[LANES];
  stream *lanes[LANES];
  int count = 0;
  bool wrong = false;
  for (int i = 0; i < LANES; i++) lanes[i] = &streams[i];
  for (;;) {
    while (count < LANES && r->next_stream < r->streams) {
      stream *s = lanes[count];
      if (!begin(r, s, &wrong)) return false;
      if (advance(r, s, &wrong)) count++;
      else if (wrong) return false;
      else leave(s);
    }
    if (count == 0) return true;
    size_t chunks = lanes[0]->chunks;
    for (int i = 1; i < count; i++) chunks = lanes[i]->chunks < chunks ? lanes[i]->chunks : chunks;
    compress_lanes(lanes, chunks, count);
    for (int i = 0; i < count;) {
      stream *s = lanes[i];
      if (s->chunks > 0 || advance(r, s, &wrong)) {
        i++;
        continue;
      }
      if (wrong) return false;
      leave(s);
      lanes[i] = lanes[--count];
      lanes[count] = s;
    }
  }
}

static bool is_supported(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_SSSE3) == 0 || (c & bit_SSE4_1) == 0) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0;
}

static napi_value hash(napi_env env, napi_callback_info info) {
  napi_value arguments[3] = {NULL, NULL, NULL};
  size_t count = 3, plan_length = 0;
  void *plan = NULL;
  request r = {.env = env};
  const bool good = is_supported() && napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok &&
                    napi_get_array_length(env, arguments[0], &r.streams) == napi_ok &&
                    typed_array(env, arguments[1], napi_int32_array, &plan, &plan_length) &&
                    napi_get_array_length(env, arguments[2], &r.views_length) == napi_ok &&
                    plan_length / 2 >= r.streams;
  r.states = arguments[0];
  r.plan = plan;
  r.views = arguments[2];
  if (!good || !run(&r)) napi_throw_range_error(env, NULL, "sha1-lanes: states, plan and views do not fit together");
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value supported, function;
  if (napi_get_boolean(env, is_supported(), &supported) != napi_ok ||
      napi_set_named_property(env, exports, "supported", supported) != napi_ok ||
      napi_create_function(env, "hash", NAPI_AUTO_LENGTH, hash, NULL, &function) != napi_ok ||
      napi_set_named_property(env, exports, "hash", function) != napi_ok) {
    return NULL;
  }
  return exports;
}
