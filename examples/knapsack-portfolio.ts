// Which projects are started, when each year has its budget? Two of them exclude each other, and one needs another.
//   npm run example knapsack-portfolio
import { mipModel, solveMip, sum } from 'thalweg/mip'

const projects = ['bridge', 'tunnel', 'harbour', 'railway', 'airport', 'road', 'canal', 'station'] as const
type Project = (typeof projects)[number]
const years = [2026, 2027, 2028] as const

/** Value, and spending in each year, in millions (invented). */
const figures: Record<Project, { value: number; spending: readonly [number, number, number] }> = {
  bridge: { value: 34, spending: [8, 7, 4] },
  tunnel: { value: 41, spending: [11, 9, 8] },
  harbour: { value: 28, spending: [5, 9, 3] },
  railway: { value: 52, spending: [14, 12, 10] },
  airport: { value: 46, spending: [9, 15, 11] },
  road: { value: 17, spending: [4, 3, 3] },
  canal: { value: 22, spending: [6, 4, 5] },
  station: { value: 19, spending: [2, 4, 6] },
}
const budget: Record<(typeof years)[number], number> = { 2026: 32, 2027: 34, 2028: 28 }

const model = mipModel('project portfolio')
const start = model.binary('start', projects)
model.subjectTo('budget', years, (year) =>
  sum(projects, (project) => start[project].times(figures[project].spending[years.indexOf(year)])).lessEqual(
    budget[year],
  ),
)
model.subjectTo('one crossing of the river', start.bridge.plus(start.tunnel).lessEqual(1))
model.subjectTo('the station needs the railway', start.station.lessEqual(start.railway))
model.maximize(sum(projects, (project) => start[project].times(figures[project].value)))

export const solution = await solveMip(model)
export const chosen = projects.filter((project) => solution.value(start[project]) > 0.5)

console.log(solution.message)
console.log(`worth ${solution.objective}: ${chosen.join(', ')}`)
for (const [k, year] of years.entries()) {
  const spent = chosen.reduce((total, project) => total + figures[project].spending[k], 0)
  console.log(`${year}: ${spent} of ${budget[year]} million`)
}
