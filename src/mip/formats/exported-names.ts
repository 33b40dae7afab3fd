/**
 * Names that a format can hold: whatever `refused` matches becomes `_`, and names that are then empty, unusable or alike get a
 * number. Names that need no change keep theirs.
 */
export function exportedNames(
  names: readonly string[],
  prefix: string,
  refused: RegExp,
  usable: (name: string) => boolean,
): string[] {
  const clean = names.map((name) => name.replace(refused, '_'))
  // Names that stay as they are come first, so that no changed one takes their place.
  const taken = new Set(clean.filter((name, j) => name === names[j] && usable(name)))
  return clean.map((name, j) => {
    if (name === names[j] && usable(name)) return name
    let free = usable(name) ? name : `${prefix}${j + 1}`
    for (let k = 2; taken.has(free); k++) free = `${usable(name) ? name : prefix + (j + 1)}_${k}`
    taken.add(free)
    return free
  })
}
