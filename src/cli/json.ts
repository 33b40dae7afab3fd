/**
 * A value as one line of JSON, as every command prints it under `--json`: typed arrays become arrays, numbers that are not
 * finite become null, entries that are undefined are left out.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    ArrayBuffer.isView(entry) && !(entry instanceof DataView)
      ? Array.from(entry as unknown as ArrayLike<number>)
      : entry,
  )
}
