import { placeHref } from '../router.ts'
import { tools } from './tools.ts'

/** The list of tools. */
export function ToolsOverview() {
  return (
    <article class="page narrow">
      <h1>Your data</h1>
      {tools.length === 0 ? (
        <p>
          Tools for files of your own come here. Until then the command line reads them: <code>npx thalweg help</code>.
        </p>
      ) : (
        <ul class="tool-list">
          {tools.map(({ slug, title, summary }) => (
            <li key={slug}>
              <a href={placeHref(['tools', slug])}>{title}</a>
              <p>{summary}</p>
            </li>
          ))}
        </ul>
      )}
    </article>
  )
}
