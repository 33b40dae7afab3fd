import type { Failure } from '../worker/failure.ts'

/** An error, in the words of the library: what was wrong, what was expected, what came. */
export function ErrorPanel({ failure, title }: { failure: Failure; title?: string }) {
  const { message, argument, expected, received } = failure
  return (
    <div class="error-panel" role="alert">
      <p class="error-title">{title ?? 'That did not work'}</p>
      <p class="error-message">{message}</p>
      {expected !== undefined && received !== undefined && (
        <dl>
          {argument !== undefined && (
            <>
              <dt>where</dt>
              <dd>{argument}</dd>
            </>
          )}
          <dt>expected</dt>
          <dd>{expected}</dd>
          <dt>got</dt>
          <dd>{received}</dd>
        </dl>
      )}
    </div>
  )
}
