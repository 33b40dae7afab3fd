import { useEffect, useRef } from 'preact/hooks'
import { pathText, replaceQuery } from '../router.ts'

/** How long after a change the address follows; browsers do not like it to change with every key. */
const SETTLE_MS = 250
/** Longer inputs stay out of the address: links of this size still work everywhere. */
const LONGEST = 4000

/** What a tool's settings are in its address; empty where they are too long for one. */
export function queryOf(settings: Readonly<Record<string, string | undefined>>): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(settings)) if (value !== undefined) query.set(name, value)
  return query.toString().length > LONGEST ? new URLSearchParams() : query
}

/** Keeps the settings of a tool in its address, so that a link restores them. Undefined values are left out. */
export function useAddress(settings: Readonly<Record<string, string | undefined>>): void {
  const text = queryOf(settings).toString()
  const path = useRef(pathText.peek()).current
  useEffect(() => {
    const timer = setTimeout(() => replaceQuery(new URLSearchParams(text), path), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [path, text])
}
