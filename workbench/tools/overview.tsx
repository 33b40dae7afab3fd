import { useEffect, useState } from 'preact/hooks'
import { DropZone } from '../components/drop-zone.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { placeHref } from '../router.ts'
import '../styles/tools.css'
import { handFiles } from './handed-files.ts'
import { headOfFile, routeFiles } from './route-files.ts'
import { tools } from './tools.ts'

/** The list of tools, and a place for any file, which may also be dropped anywhere else on the page. */
export function ToolsOverview() {
  const [problem, setProblem] = useState<string | null>(null)
  const take = async (files: readonly File[]): Promise<void> => {
    const heads = await Promise.all(files.map(async (file) => ({ name: file.name, head: await headOfFile(file) })))
    const route = routeFiles(heads)
    if ('slug' in route) handFiles(route.slug, files)
    else setProblem(route.problem)
  }
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault()
    const drop = (event: DragEvent): void => {
      event.preventDefault()
      const files = [...(event.dataTransfer?.files ?? [])]
      if (files.length > 0) void take(files)
    }
    window.addEventListener('dragover', over)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragover', over)
      window.removeEventListener('drop', drop)
    }
  }, [])
  return (
    <article class="page narrow">
      <h1>Your data</h1>
      <p>Tools for files of your own. Everything is computed in this page; nothing is sent anywhere.</p>
      <DropZone
        label="Drop any file anywhere here"
        hint="A model (.mps, .lp), a table (.csv, .dat), two tables of points, one or two pictures, or a run file (.jsonl): it opens in the tool for it."
        onFiles={(files) => void take(files)}
      />
      {problem !== null && (
        <ErrorPanel failure={{ name: 'UnsupportedError', message: problem }} title="Nothing here reads that" />
      )}
      <ul class="tool-list">
        {tools.map(({ slug, title, summary }) => (
          <li key={slug}>
            <a href={placeHref(['tools', slug])}>{title}</a>
            <p>{summary}</p>
          </li>
        ))}
      </ul>
    </article>
  )
}
