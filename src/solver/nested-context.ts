import type { Context } from './method.ts'

/** For methods that drive other methods: the same context with some entries replaced; live entries (the iteration) stay live. */
export function contextWith<X>(context: Context<X>, changes: Partial<Context<X>>): Context<X> {
  return Object.create(
    context,
    Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, { value, enumerable: true }])),
  ) as Context<X>
}
