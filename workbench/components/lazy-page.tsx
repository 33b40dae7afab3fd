import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type Failure, failureOf } from '../worker/failure.ts'
import { ErrorPanel } from './error-panel.tsx'

/** A page whose code is loaded when it is opened. Keeps its space meanwhile, so that nothing jumps. */
export function LazyPage<P extends object>({
  load,
  properties,
}: {
  load: () => Promise<ComponentType<P>>
  properties: P
}) {
  const [Page, setPage] = useState<{ component: ComponentType<P> } | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  useEffect(() => {
    let wanted = true
    load().then(
      (component) => wanted && setPage({ component }),
      (error: unknown) => wanted && setFailure(failureOf(error)),
    )
    return () => {
      wanted = false
    }
  }, [load])
  if (failure !== null) {
    return (
      <article class="page narrow">
        <ErrorPanel failure={failure} title="This page could not be loaded" />
      </article>
    )
  }
  if (Page === null) return <div class="page loading" role="status" aria-label="Loading" />
  return <Page.component {...properties} />
}
