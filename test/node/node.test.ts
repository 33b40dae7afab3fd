import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FileError, ParseError } from '../../src/base/index.ts'
import {
  continueRunFile,
  fileCheckpoint,
  openRunFile,
  readCheckpoint,
  readRunFileFrom,
  readTextFile,
  writeFileAtomically,
} from '../../src/node/index.ts'
import { gradientDescent } from '../../src/smooth/index.ts'
import { readRunFile, recordRun, run, type Snapshot, smoothProblem, stringifyPlain } from '../../src/solver/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thalweg-node-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const bowl = smoothProblem({ dimension: 2, value: (x) => x[0] ** 2 + 30 * x[1] ** 2, start: [1, 1] })

describe('files', () => {
  it('replaces content whole and leaves nothing else behind', () => {
    const path = join(folder, 'a.txt')
    writeFileAtomically(path, 'first')
    writeFileAtomically(path, new TextEncoder().encode('second'))
    expect(readTextFile(path)).toBe('second')
    expect(readdirSync(folder)).toEqual(['a.txt'])
  })

  it('keeps the permissions of the file and follows links', () => {
    const path = join(folder, 'a.txt')
    writeFileSync(path, 'old')
    chmodSync(path, 0o640)
    symlinkSync(path, join(folder, 'link'))
    writeFileAtomically(join(folder, 'link'), 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  it('leaves the old file when writing fails', () => {
    const path = join(folder, 'a.txt')
    writeFileAtomically(path, 'old')
    expect(() => writeFileAtomically(path, { length: 3 } as unknown as Uint8Array)).toThrow(FileError)
    expect(readTextFile(path)).toBe('old')
    expect(readdirSync(folder)).toEqual(['a.txt'])
  })

  it('says which file and why', () => {
    expect(() => readTextFile(join(folder, 'none'))).toThrow(/cannot read .*none: no such file/)
    expect(() => readTextFile(folder)).toThrow(/it is a folder/)
    expect(() => writeFileAtomically(join(folder, 'none', 'a'), '')).toThrow(/cannot write .*no such file or folder/)
    mkdirSync(join(folder, 'sub'))
    expect(() => writeFileAtomically(join(folder, 'sub'), '')).toThrow(FileError)
    expect(readdirSync(folder)).toEqual(['sub'])
  })

  it('unpacks gzip', () => {
    writeFileSync(join(folder, 'a.gz'), gzipSync('hello'))
    expect(readTextFile(join(folder, 'a.gz'))).toBe('hello')
  })
})

describe('checkpoints', () => {
  it('holds the latest snapshot, from which the run goes on to the same bits', () => {
    const path = join(folder, 'checkpoint')
    const whole = run(bowl, gradientDescent())
    run(bowl, gradientDescent(), { maxIterations: 10, checkpoint: fileCheckpoint(path, { everyIterations: 3 }) })
    const snapshot = readCheckpoint(path)
    expect(snapshot.iteration).toBe(9)
    const resumed = run(bowl, gradientDescent(), { resume: snapshot })
    expect(resumed.x).toEqual(whole.x)
    expect(resumed.iterations).toBe(whole.iterations)
  })

  it('refuses other files', () => {
    const path = join(folder, 'other')
    writeFileSync(path, '{"format":"something"}')
    expect(() => readCheckpoint(path)).toThrow(ParseError)
    writeFileSync(path, 'not json')
    expect(() => readCheckpoint(path)).toThrow(ParseError)
    expect(() => readCheckpoint(join(folder, 'none'))).toThrow(FileError)
  })
})

describe('run files', () => {
  const solve = (write: (line: string) => void, options: { resume?: Snapshot; maxIterations?: number } = {}) =>
    run(bowl, gradientDescent(), { observers: [recordRun(write, { snapshotEvery: 5 })], ...options })
  const record = (path: string, options: { maxIterations?: number } = {}) => {
    const writer = openRunFile(path)
    const result = solve(writer.write, options)
    writer.close()
    writer.close()
    return result
  }

  it('is readable when cut off at any byte, and then holds the iterates before the cut', () => {
    const path = join(folder, 'run.jsonl')
    record(path, { maxIterations: 12 })
    const bytes = readFileSync(path)
    const headerEnd = bytes.indexOf(10) + 1
    let rowsBefore = 0
    for (let length = headerEnd; length <= bytes.length; length++) {
      const text = bytes.subarray(0, length).toString('utf8')
      const { rows, truncated } = readRunFile(text)
      expect(rows.length).toBeGreaterThanOrEqual(rowsBefore)
      // A line without its newline is whole if its JSON is.
      expect(truncated).toBe(!text.endsWith('\n') && !isJson(text.slice(text.lastIndexOf('\n') + 1)))
      rowsBefore = rows.length
    }
    expect(rowsBefore).toBe(13)
  })

  it('continues a file that was cut off at any byte, to the same bits', () => {
    const path = join(folder, 'run.jsonl')
    const short = (write: (line: string) => void, resume?: Snapshot) =>
      run(bowl, gradientDescent(), {
        maxIterations: 4,
        observers: [recordRun(write, { snapshotEvery: 2 })],
        ...(resume && { resume }),
      })
    const first = openRunFile(path)
    const whole = short(first.write)
    first.close()
    const bytes = readFileSync(path)
    const expected = stringifyPlain({ ...readRunFileFrom(path).end, elapsedMs: 0 })
    const firstSnapshotEnds = bytes.indexOf(10, bytes.indexOf('{"type":"snapshot"'))
    for (let length = 0; length <= bytes.length; length++) {
      // Emptying a file and filling it again is slow on some file systems.
      const file = openSync(path, 'r+')
      writeSync(file, bytes, 0, length, 0)
      ftruncateSync(file, length)
      closeSync(file)
      if (length < firstSnapshotEnds) {
        expect(() => continueRunFile(path)).toThrow(ParseError)
        continue
      }
      const { snapshot, writer } = continueRunFile(path)
      const kept = readRunFileFrom(path)
      expect([kept.truncated, kept.snapshots.at(-1)?.iteration]).toEqual([false, snapshot.iteration])
      short(writer.write, snapshot)
      writer.close()
      const after = readRunFileFrom(path)
      expect(after.truncated).toBe(false)
      expect(stringifyPlain({ ...after.end, elapsedMs: 0 })).toBe(expected)
      expect(after.rows.map((row) => row.iteration)).toEqual(whole.trace.columns.iteration)
    }
  })

  it('cannot continue a run without a snapshot', () => {
    const path = join(folder, 'run.jsonl')
    record(path)
    writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(0, 2).join('\n'))
    expect(() => continueRunFile(path)).toThrow(/before its first snapshot/)
  })

  it('starts a file anew', () => {
    const path = join(folder, 'run.jsonl')
    writeFileSync(path, 'old\n')
    record(path)
    expect(readRunFileFrom(path).header.method).toBe('gradient-descent')
  })

  it('says which file is wrong', () => {
    const path = join(folder, 'run.jsonl')
    writeFileSync(path, '{"type":"other"}\n')
    expect(() => readRunFileFrom(path)).toThrow(/run\.jsonl: .*not the header/)
    expect(() => readRunFileFrom(join(folder, 'none'))).toThrow(FileError)
    expect(() => openRunFile(join(folder, 'none', 'run'))).toThrow(/cannot write/)
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
