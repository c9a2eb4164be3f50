import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '../base/bitfield.ts';
import { InputError } from '../base/errors.ts';
import { encodeBencode } from '../protocol/bencode/bencode-encoder.ts';
import { infoHashFromBytes } from '../protocol/metainfo/info-hash.ts';
import { decodeResumeData, encodeResumeData, type ResumeData } from './resume-data.ts';
import { TrackerEdits } from './tracker-edits.ts';

function field(bits: readonly boolean[]): Bitfield {
  const made = new Bitfield(bits.length);
  bits.forEach((bit, index) => {
    if (bit) made.add(index);
  });
  return made;
}

const counts = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** Objects like those of a literal, so that they compare equal. */
const PLAIN = { noNullPrototype: true };

const stamps = fc.option(fc.record({ sizeBytes: counts, mtimeUs: fc.integer({ min: -1e15, max: 2e15 }) }, PLAIN), {
  nil: undefined,
});

const anyData: fc.Arbitrary<ResumeData> = fc
  .record(
    {
      infoHash: fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => infoHashFromBytes(bytes)!),
      directory: fc.string({ unit: 'grapheme' }),
      have: fc.array(fc.boolean(), { maxLength: 40 }).map(field),
      files: fc.array(fc.tuple(stamps, fc.nat(3), fc.option(fc.string({ unit: 'grapheme' }))), { maxLength: 10 }),
      uploadedBytes: counts,
      downloadedBytes: counts,
      addedMs: counts,
      trackers: fc.option(
        fc.record({
          added: fc.uniqueArray(fc.tuple(fc.webUrl(), fc.option(fc.nat(9), { nil: undefined })), {
            selector: ([url]) => url,
            minLength: 1,
          }),
          removed: fc.uniqueArray(fc.webUrl()),
        }),
      ),
      banned: fc.option(fc.array(fc.ipV4(), { minLength: 1 })),
      doubt: fc.option(fc.string({ unit: 'grapheme' })),
    },
    PLAIN,
  )
  .map(({ files, trackers, banned, doubt, ...rest }) => ({
    ...rest,
    ...(trackers && { trackers: new TrackerEdits(trackers.added, trackers.removed) }),
    ...(banned && { banned }),
    ...(doubt !== null && { boot: doubt, unsettled: rest.have }),
    ...(files.some(([, , name]) => name !== null) && {
      renamed: new Map(files.flatMap(([, , name], file): [number, string][] => (name === null ? [] : [[file, name]]))),
    }),
    stamps: files.map(([stamp]) => stamp),
    priorities: Uint8Array.from(files, ([, priority]) => priority),
  }));

const example: ResumeData = {
  infoHash: infoHashFromBytes(new Uint8Array(20).fill(7))!,
  directory: '/downloads',
  have: field([true, false, true]),
  stamps: [{ sizeBytes: 5, mtimeUs: 1_700_000_000_000_001 }, undefined],
  priorities: Uint8Array.of(2, 2),
  uploadedBytes: 1,
  downloadedBytes: 2,
  addedMs: 3,
};

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof InputError && error.code === code;
}

test('what was saved comes back, count of had pieces and all', () => {
  fc.assert(
    fc.property(anyData, (data) => {
      const back = decodeResumeData(encodeResumeData(data));
      assert.deepEqual(back, data);
      assert.equal(back.have.count, data.have.count);
      assert.deepEqual(encodeResumeData(back), encodeResumeData(data));
    }),
  );
});

test('a change of any byte is noticed', () => {
  const bytes = encodeResumeData(example);
  for (let i = 0; i < bytes.length; i++) {
    for (const flip of [1, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[i]! ^= flip;
      assert.throws(() => decodeResumeData(changed), refused('ERR_RESUME_DAMAGED'), `byte ${i} ^ ${flip}`);
    }
  }
});

test('a file that was cut at any byte, or that goes on, is noticed', () => {
  const bytes = encodeResumeData(example);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeResumeData(bytes.subarray(0, length)), refused('ERR_RESUME_DAMAGED'), `length ${length}`);
  }
  assert.throws(() => decodeResumeData(new Uint8Array([...bytes, 0])), refused('ERR_RESUME_DAMAGED'));
});

test('any bytes are refused by an InputError and nothing else', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.throws(() => decodeResumeData(bytes), InputError)));
});

/** A dictionary with a right checksum: what only somebody on purpose, or another version, writes. */
function forged(changes: Record<string, Parameters<typeof encodeBencode>[0] | undefined>): Uint8Array {
  const fields = {
    added: 3,
    directory: '/downloads',
    downloaded: 2,
    files: [[5, 1], []],
    have: Uint8Array.of(0xa0),
    'info hash': new Uint8Array(20),
    pieces: 3,
    selected: Uint8Array.of(0xc0),
    uploaded: 1,
    version: 1,
    ...changes,
  };
  const checksum = new Uint8Array(createHash('sha256').update(encodeBencode(fields)).digest());
  return encodeBencode({ ...fields, checksum });
}

test('with a right checksum, fields of the wrong kind or size are refused all the same', () => {
  assert.equal(decodeResumeData(forged({})).have.count, 2);
  const wrong = [
    { added: -1 },
    { added: 'x' },
    { directory: undefined },
    { directory: Uint8Array.of(0xff) },
    { files: 5 },
    { files: [5, []] },
    { files: [[5], []] },
    { files: [[-5, 1], []] },
    { files: [[5, 'x'], []] },
    { files: [[5, 1, 1], []] },
    { files: [[2n ** 63n, 1], []] },
    { files: [[5, 1]], selected: Uint8Array.of(0xc0) },
    { have: Uint8Array.of(0xa0, 0) },
    { have: Uint8Array.of(0xa1) },
    { pieces: 2 ** 40 },
    { 'info hash': new Uint8Array(19) },
    { renamed: 5 },
    { renamed: [5] },
    { renamed: [[0]] },
    { renamed: [[2, 'x']] },
    { renamed: [[-1, 'x']] },
    { renamed: [['x', 'x']] },
    { renamed: [[0, 7]] },
    { selected: undefined },
    { uploaded: undefined },
  ];
  for (const changes of wrong) {
    assert.throws(() => decodeResumeData(forged(changes)), refused('ERR_RESUME_DAMAGED'), Object.keys(changes)[0]);
  }
});

test('another version is told apart from damage; unknown keys are let pass', () => {
  assert.throws(() => decodeResumeData(forged({ version: 2 })), refused('ERR_RESUME_VERSION'));
  assert.throws(() => decodeResumeData(forged({ version: undefined })), refused('ERR_RESUME_VERSION'));
  assert.equal(decodeResumeData(forged({ zebra: 1 })).addedMs, 3);
});
