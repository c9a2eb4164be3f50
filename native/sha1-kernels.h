// The two inner loops of sha1-lanes.c: SHA-1's compression (FIPS 180-4, section 6.1.2) of several streams at once.
//
//   SHA instructions   up to 3 streams. One alone leaves the unit idle most of the time: a step waits for the one before
//   AVX-512            up to 16 streams, one in each 32-bit element of a register. Takes as long for one as for 16
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { CHUNK = 64, SHA_LANES = 3, WIDE_LANES = 16 };

/**
 * Bytes between what is hashed and what is asked of memory meanwhile. The CPU foresees one stream's way, not sixteen, and
 * starts anew on each page: without this it waits for half of the time. To ask behind the end of a view does no harm.
 */
enum { AHEAD = 512 };

/** What a kernel works on: a running hash, and whole chunks that come next. */
typedef struct {
  uint32_t words[5];
  const uint8_t *data;
  size_t chunks;
} lane;

#define SHA_NI "sha,sse4.1,ssse3"
#define AVX512 "avx512f,avx512bw"

/** Inlined for each count of lanes, so that every index is a constant. */
__attribute__((target(SHA_NI), always_inline)) static inline void by_sha(lane *const *in, size_t chunks, const int lanes) {
  const __m128i big_endian = _mm_set_epi64x(0x0001020304050607LL, 0x08090a0b0c0d0e0fLL);
  __m128i abcd[SHA_LANES], first_e[SHA_LANES], e[SHA_LANES], w[SHA_LANES][4], abcd_before[SHA_LANES], e_before[SHA_LANES];
  for (int i = 0; i < lanes; i++) {
    abcd[i] = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)in[i]->words), 0x1b);
    first_e[i] = _mm_set_epi32((int)in[i]->words[4], 0, 0, 0);
  }
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    for (int i = 0; i < lanes; i++) {
      _mm_prefetch((const char *)in[i]->data + chunk * CHUNK + AHEAD, _MM_HINT_T0);
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

/** Runs `chunks` chunks through up to 3 streams. */
__attribute__((target(SHA_NI))) static void compress_sha(lane *const *in, size_t chunks, int lanes) {
  if (lanes == 1) by_sha(in, chunks, 1);
  else if (lanes == 2) by_sha(in, chunks, 2);
  else by_sha(in, chunks, SHA_LANES);
}

/** Turns 16 chunks, a register each, into their 16 words, a register for each word of all chunks. */
__attribute__((target(AVX512), always_inline)) static inline void transpose(__m512i r[WIDE_LANES]) {
  __m512i t[WIDE_LANES];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  // The quarter q of r[4g + j] holds word 4q + j of the chunks 4g to 4g + 3.
#pragma GCC unroll 16
  for (int j = 0; j < 4; j++) {
    const __m512i even_low = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88), odd_low = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xdd);
    const __m512i even_high = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
    const __m512i odd_high = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xdd);
    t[j] = _mm512_shuffle_i32x4(even_low, even_high, 0x88);
    t[4 + j] = _mm512_shuffle_i32x4(odd_low, odd_high, 0x88);
    t[8 + j] = _mm512_shuffle_i32x4(even_low, even_high, 0xdd);
    t[12 + j] = _mm512_shuffle_i32x4(odd_low, odd_high, 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) r[i] = t[i];
}

/** Keeps the compiler from adding in another order: what comes late, the word of the round before, is to be added last. */
#define IN_THIS_ORDER(x) __asm__("" : "+v"(x))

/** Runs `chunks` chunks through up to 16 streams. Elements without a stream go along with the first, for nothing. */
__attribute__((target(AVX512))) static void compress_wide(lane *const *in, size_t chunks, int lanes) {
  const __m512i big_endian = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL));
  const uint8_t *data[WIDE_LANES];
  uint32_t words[5][WIDE_LANES];
  for (int i = 0; i < WIDE_LANES; i++) {
    const lane *from = in[i < lanes ? i : 0];
    data[i] = from->data;
    for (int word = 0; word < 5; word++) words[word][i] = from->words[word];
  }
  __m512i a = _mm512_loadu_si512(words[0]), b = _mm512_loadu_si512(words[1]), c = _mm512_loadu_si512(words[2]);
  __m512i d = _mm512_loadu_si512(words[3]), e = _mm512_loadu_si512(words[4]);
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    const __m512i before[5] = {a, b, c, d, e};
    __m512i w[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
      _mm_prefetch((const char *)data[i] + chunk * CHUNK + AHEAD, _MM_HINT_T0);
      w[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(data[i] + chunk * CHUNK), big_endian);
    }
    transpose(w);
#pragma GCC unroll 80
    for (int round = 0; round < 80; round++) {
      const int quarter = round / 20;
      const uint32_t constant = quarter == 0 ? 0x5a827999 : quarter == 1 ? 0x6ed9eba1 : quarter == 2 ? 0x8f1bbcdc : 0xca62c1d6;
      __m512i *now = &w[round & 15];
      if (round >= 16) {
        const __m512i three = _mm512_ternarylogic_epi32(w[(round - 3) & 15], w[(round - 8) & 15], w[(round - 14) & 15], 0x96);
        *now = _mm512_rol_epi32(_mm512_xor_si512(three, *now), 1);
      }
      // Choose, parity, majority, parity.
      const __m512i mixed = quarter == 0   ? _mm512_ternarylogic_epi32(b, c, d, 0xca)
                            : quarter == 2 ? _mm512_ternarylogic_epi32(b, c, d, 0xe8)
                                           : _mm512_ternarylogic_epi32(b, c, d, 0x96);
      __m512i sum = _mm512_add_epi32(e, _mm512_add_epi32(*now, _mm512_set1_epi32((int)constant)));
      IN_THIS_ORDER(sum);
      sum = _mm512_add_epi32(sum, mixed);
      IN_THIS_ORDER(sum);
      sum = _mm512_add_epi32(sum, _mm512_rol_epi32(a, 5));
      e = d;
      d = c;
      c = _mm512_rol_epi32(b, 30);
      b = a;
      a = sum;
    }
    a = _mm512_add_epi32(a, before[0]);
    b = _mm512_add_epi32(b, before[1]);
    c = _mm512_add_epi32(c, before[2]);
    d = _mm512_add_epi32(d, before[3]);
    e = _mm512_add_epi32(e, before[4]);
  }
  _mm512_storeu_si512(words[0], a);
  _mm512_storeu_si512(words[1], b);
  _mm512_storeu_si512(words[2], c);
  _mm512_storeu_si512(words[3], d);
  _mm512_storeu_si512(words[4], e);
  for (int i = 0; i < lanes; i++) {
    for (int word = 0; word < 5; word++) in[i]->words[word] = words[word][i];
    in[i]->data += chunks * CHUNK;
    in[i]->chunks -= chunks;
  }
}
