import katex from 'katex'
import 'katex/dist/katex.css'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Formula } from '../../src/solver/method.ts'

function Tex({ tex }: { tex: string }) {
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    // Fast enough to be there before the first paint, so that nothing moves.
    katex.render(tex, place.current as HTMLDivElement, { displayMode: true, throwOnError: false })
  }, [tex])
  return <div class="tex" ref={place} />
}

/** Formulae with what they say. */
export function Formulae({ formulae }: { formulae: readonly Formula[] }) {
  return (
    <dl class="formulae">
      {formulae.map(({ tex, meaning }) => (
        <div key={tex}>
          <dt>
            <Tex tex={tex} />
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  )
}
