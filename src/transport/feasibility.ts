import type { TransportEngine } from './engine.ts'

/**
 * Whether the pairs of finite cost can carry all the mass: a maximum flow by augmenting paths over the allowed pairs (breadth
 * first, after a greedy start), on the supports.
 */
export function hasFeasiblePlan(engine: TransportEngine): boolean {
  const { rows: n, columns: m, a, b } = engine
  const allowed: Int32Array[] = []
  for (let i = 0; i < n; i++) {
    const costs = engine.costRow(i)
    const list: number[] = []
    for (let j = 0; j < m; j++) if (costs[j] < Infinity) list.push(j)
    allowed.push(Int32Array.from(list))
  }
  let mass = 0
  for (let i = 0; i < n; i++) mass += a[i]
  const tiny = 1e-13 * mass
  const supply = a.slice()
  const demand = b.slice()
  // flow[j] lists what arrives at target j: source -> amount.
  const flow: Map<number, number>[] = Array.from({ length: m }, () => new Map())
  for (let i = 0; i < n; i++) {
    for (const j of allowed[i]) {
      if (supply[i] <= 0) break
      const amount = Math.min(supply[i], demand[j])
      if (amount <= 0) continue
      supply[i] -= amount
      demand[j] -= amount
      flow[j].set(i, amount)
    }
  }
  const fromRow = new Int32Array(m)
  const fromColumn = new Int32Array(n)
  for (;;) {
    fromRow.fill(-1)
    fromColumn.fill(-2)
    const queue: number[] = []
    for (let i = 0; i < n; i++) {
      if (supply[i] > tiny) {
        fromColumn[i] = -1
        queue.push(i)
      }
    }
    if (queue.length === 0) return true
    let end = -1
    for (let head = 0; head < queue.length && end < 0; head++) {
      const i = queue[head]
      for (const j of allowed[i]) {
        if (fromRow[j] >= 0) continue
        fromRow[j] = i
        if (demand[j] > tiny) {
          end = j
          break
        }
        for (const [k, amount] of flow[j]) {
          if (amount > tiny && fromColumn[k] === -2) {
            fromColumn[k] = j
            queue.push(k)
          }
        }
      }
    }
    if (end < 0) return false
    let amount = demand[end]
    for (let j = end; ; ) {
      const i = fromRow[j]
      const back = fromColumn[i]
      if (back < 0) {
        amount = Math.min(amount, supply[i])
        break
      }
      amount = Math.min(amount, flow[back].get(i) as number)
      j = back
    }
    demand[end] -= amount
    for (let j = end; ; ) {
      const i = fromRow[j]
      flow[j].set(i, (flow[j].get(i) ?? 0) + amount)
      const back = fromColumn[i]
      if (back < 0) {
        supply[i] -= amount
        break
      }
      const left = (flow[back].get(i) as number) - amount
      if (left > 0) flow[back].set(i, left)
      else flow[back].delete(i)
      j = back
    }
  }
}
