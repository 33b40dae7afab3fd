import type { EvidenceClaim } from './catalogue.ts'

/**
 * The claims in the page of evidence, by paper.
 *
 * @param markdown docs/evidence.md as `thalweg reproduce --all` writes it
 */
export function readEvidence(markdown: string): Map<string, EvidenceClaim[]> {
  const byPaper = new Map<string, EvidenceClaim[]>()
  for (const section of markdown.split(/^## /m).slice(1)) {
    const slug = section.slice(0, section.indexOf('\n')).trim()
    const lines = section.split('\n')
    const begin = lines.findIndex((line) => line.startsWith('| holds | claim |'))
    if (begin < 0) continue
    const claims: EvidenceClaim[] = []
    for (const line of lines.slice(begin + 2)) {
      if (!line.startsWith('|')) break
      const [holds, statement, paper, measured, threshold] = cells(line)
      claims.push({ statement, paper, measured, threshold, holds: holds === 'yes' })
    }
    byPaper.set(slug, claims)
  }
  return byPaper
}

/** The cells of a row of a Markdown table, in which `\|` is a bar. */
function cells(row: string): string[] {
  return row
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))
}
