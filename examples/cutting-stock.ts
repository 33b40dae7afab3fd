// Rolls of 100 cm are cut into orders. There are too many ways to cut a roll to list them all, so patterns are made on demand:
// the duals of the linear program price the orders, and a knapsack finds the pattern that is worth most at these prices.
//   npm run example cutting-stock
// Source: Gilmore and Gomory (1961); the orders are those of Chvatal, Linear Programming (1983), Chapter 13.
import { mipModel, solveMip, sum } from 'thalweg/mip'

const rollWidth = 100
const orders = ['45 cm', '36 cm', '31 cm', '14 cm'] as const
type Order = (typeof orders)[number]
const demand: Record<Order, number> = { '45 cm': 97, '36 cm': 610, '31 cm': 395, '14 cm': 211 }
const width = (order: Order): number => Number.parseInt(order, 10)

type Pattern = Record<Order, number>

/** How often each pattern is cut, so that all demand is met with as few rolls as possible. */
function master(patterns: readonly Pattern[], integers: boolean) {
  const model = mipModel('patterns')
  const names = patterns.map((_, k) => k)
  const cut = (integers ? model.integer : model.continuous)('cut', names)
  const met = model.subjectTo('demand', orders, (order) =>
    sum(names, (k) => cut[k].times(patterns[k][order])).greaterEqual(demand[order]),
  )
  model.minimize(sum(names, (k) => cut[k]))
  return { model, cut, met }
}

/** The pattern that is worth most at the given prices. */
async function bestPattern(price: Record<Order, number>): Promise<{ pattern: Pattern; worth: number }> {
  const model = mipModel('one roll')
  const pieces = model.integer('pieces', orders)
  model.subjectTo('width', sum(orders, (order) => pieces[order].times(width(order))).lessEqual(rollWidth))
  model.maximize(sum(orders, (order) => pieces[order].times(price[order])))
  const solution = await solveMip(model, { relativeGap: 0 })
  return { pattern: solution.values(pieces), worth: solution.objective }
}

// To begin with, each pattern holds one kind of order.
export const patterns: Pattern[] = orders.map((order) => {
  const only = Object.fromEntries(orders.map((other) => [other, 0])) as Pattern
  only[order] = Math.floor(rollWidth / width(order))
  return only
})

let relaxed = 0
for (;;) {
  const { model, met } = master(patterns, false)
  const linear = await solveMip(model)
  relaxed = linear.objective
  const price = Object.fromEntries(orders.map((order) => [order, linear.dual(met[order])])) as Record<Order, number>
  const { pattern, worth } = await bestPattern(price)
  // A pattern that is worth no more than the roll it costs cannot improve anything: the linear program is solved.
  if (worth <= 1 + 1e-9) break
  patterns.push(pattern)
}

const { model, cut } = master(patterns, true)
export const solution = await solveMip(model)
export const bound = Math.ceil(relaxed - 1e-6)

console.log(`${patterns.length} patterns; at least ${relaxed.toFixed(2)} rolls, so at least ${bound}`)
console.log(`${solution.objective} rolls are enough`)
patterns.forEach((pattern, k) => {
  const times = solution.value(cut[k])
  const pieces = orders.filter((order) => pattern[order] > 0).map((order) => `${pattern[order]} x ${order}`)
  if (times > 0) console.log(`${String(times).padStart(4)} times ${pieces.join(' + ')}`)
})
