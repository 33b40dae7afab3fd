import { pages } from 'virtual:catalogue/pages'
import { useEffect, useState } from 'preact/hooks'
import type { PageEntry } from '../catalogue/catalogue.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Formulae } from '../components/formulae.tsx'
import { OneByOne } from '../components/one-by-one.tsx'
import { placeHref } from '../router.ts'
import { type Failure, failureOf } from '../worker/failure.ts'
import { Claims } from './claims.tsx'
import { Lab } from './lab.tsx'
import '../styles/method.css'

/** The page of one paper or method, made from its description alone. */
export function MethodPage({ slug }: { slug: string }) {
  const [page, setPage] = useState<PageEntry | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const load = pages[slug]
  useEffect(() => {
    let wanted = true
    load?.().then(
      (module) => wanted && setPage(module.default),
      (error: unknown) => wanted && setFailure(failureOf(error)),
    )
    return () => {
      wanted = false
    }
  }, [load])
  useEffect(() => {
    if (page !== null) document.title = `${page.entry.title} - Thalweg`
  }, [page])
  if (load === undefined) {
    return (
      <article class="page narrow">
        <h1>No such method</h1>
        <p>
          There is no method <code>{slug}</code>. <a href={placeHref([])}>All methods</a> are in the gallery.
        </p>
      </article>
    )
  }
  if (failure !== null) {
    return (
      <article class="page narrow">
        <ErrorPanel failure={failure} title="This page could not be loaded" />
      </article>
    )
  }
  if (page === null) return <div class="page loading" role="status" aria-label="Loading" />
  return <Loaded page={page} />
}

function Loaded({ page }: { page: PageEntry }) {
  const { entry, method, problems, formulae, experiment, related } = page
  return (
    <article class="page method">
      <OneByOne>
        <header class="method-head">
          <p class="problem">
            <a href={placeHref([], new URLSearchParams({ problem: entry.problem }))}>{entry.problem}</a>
          </p>
          <h1>{entry.title}</h1>
          <p class="lede">{entry.summary}</p>
          <Source page={page} />
        </header>
        {!entry.built && (
          <p class="notice">
            This paper is not built yet: there is nothing to run here. What is built of its kind:{' '}
            {related.length === 0 ? 'nothing so far' : <Links page={page} />}.
          </p>
        )}
        {method !== null && problems !== null && <Lab page={page} />}
        {method !== null && problems === null && (
          <p class="notice">There is no ready-made problem of this class yet; the method runs from code.</p>
        )}
        {method === null && entry.built && (
          <p class="notice">
            The paper is about using other methods well; its experiment below runs them. Related: <Links page={page} />.
          </p>
        )}
        {formulae.length > 0 && (
          <section aria-labelledby="formulae-title">
            <h2 id="formulae-title">In formulae</h2>
            <Formulae formulae={formulae} />
          </section>
        )}
        {experiment !== null && <Claims slug={entry.slug} experiment={experiment} />}
      </OneByOne>
    </article>
  )
}

function Links({ page: { related } }: { page: PageEntry }) {
  return (
    <>
      {related.slice(0, 8).map(({ slug, title }, i) => (
        <span key={slug}>
          {i > 0 && ', '}
          <a href={placeHref(['method', slug])}>{title}</a>
        </span>
      ))}
    </>
  )
}

/** Where it was published. */
function Source({ page: { entry, method } }: { page: PageEntry }) {
  const { authors, year, venue, arxiv, kind } = entry
  const work = kind === 'method' ? method?.source.title : undefined
  return (
    <p class="source">
      {authors}
      {work !== undefined && (
        <>
          , <cite>{work}</cite>
        </>
      )}
      {venue !== '' && `, ${venue}`} ({year})
      {arxiv !== '' && (
        <>
          {' '}
          <a href={`https://arxiv.org/abs/${arxiv}`} rel="noreferrer">
            arXiv:{arxiv}
          </a>
        </>
      )}
    </p>
  )
}
