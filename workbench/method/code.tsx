import { useMemo } from 'preact/hooks'
import type { PageEntry } from '../catalogue/catalogue.ts'
import { CopyButton } from '../components/copy-button.tsx'
import type { RunRequest } from '../worker/protocol.ts'
import { programOf } from './program.ts'
import type { RunController } from './run-controller.ts'

/** The program that does the same. */
export function Code({
  page,
  controller,
  request,
}: {
  page: PageEntry
  controller: RunController
  request: RunRequest
}) {
  const problem = controller.problemCode.value
  const text = useMemo(() => (problem === null ? '' : programOf(page, request, problem)), [page, request, problem])
  return (
    <section class="code" aria-labelledby="code-title">
      <div class="code-head">
        <h2 id="code-title">The same in TypeScript</h2>
        <CopyButton label="Copy code" text={() => text} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </section>
  )
}
