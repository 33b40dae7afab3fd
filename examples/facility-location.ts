// Which cities get a warehouse? Opening one costs rent; serving a city costs kilometres times its inhabitants.
//   npm run example facility-location
import { mipModel, solveMip, sum } from 'thalweg/mip'

const cities = [
  'Berlin',
  'Hamburg',
  'Munich',
  'Cologne',
  'Frankfurt',
  'Stuttgart',
  'Leipzig',
  'Bremen',
  'Nuremberg',
] as const
type City = (typeof cities)[number]

/** Latitude and longitude in degrees, inhabitants in thousands. */
const data: Record<City, readonly [latitude: number, longitude: number, inhabitants: number]> = {
  Berlin: [52.52, 13.4, 3755],
  Hamburg: [53.55, 9.99, 1892],
  Munich: [48.14, 11.58, 1512],
  Cologne: [50.94, 6.96, 1084],
  Frankfurt: [50.11, 8.68, 773],
  Stuttgart: [48.78, 9.18, 632],
  Leipzig: [51.34, 12.37, 616],
  Bremen: [53.08, 8.8, 569],
  Nuremberg: [49.45, 11.08, 523],
}

/** Great-circle distance in kilometres. */
function distance(a: City, b: City): number {
  const [lat1, lon1, lat2, lon2] = [data[a][0], data[a][1], data[b][0], data[b][1]].map(
    (degrees) => (degrees * Math.PI) / 180,
  )
  const h = Math.sin((lat2 - lat1) / 2) ** 2 + Math.cos(lat1) * Math.cos(lat2) * Math.sin((lon2 - lon1) / 2) ** 2
  return 2 * 6371 * Math.asin(Math.sqrt(h))
}

const rent = 300_000
/** Inhabitants, in thousands, that one warehouse can serve. */
const capacity = 5000

const model = mipModel('facility location')
const open = model.binary('open', cities)
const serves = model.binary('serves', cities, cities)

model.subjectTo('each city is served', cities, (city) => sum(cities, (site) => serves[site][city]).equals(1))
model.subjectTo('capacity', cities, (site) =>
  sum(cities, (city) => serves[site][city].times(data[city][2])).lessEqual(open[site].times(capacity)),
)
// Not needed for the answer, but it makes the relaxation tight, and the solve ten times shorter.
for (const site of cities) {
  model.subjectTo(`only open sites serve: ${site}`, cities, (city) => serves[site][city].lessEqual(open[site]))
}
model.minimize(
  sum(cities, (site) => open[site].times(rent)).plus(
    sum(cities, (site) => sum(cities, (city) => serves[site][city].times(distance(site, city) * data[city][2]))),
  ),
)

export const solution = await solveMip(model)

/** The cities that each open warehouse serves. */
export const plan: Record<string, string[]> = Object.fromEntries(
  cities
    .filter((site) => solution.value(open[site]) > 0.5)
    .map((site) => [site, cities.filter((city) => solution.value(serves[site][city]) > 0.5)]),
)

console.log(solution.message)
console.log(`cost ${Math.round(solution.objective)}`)
for (const [site, served] of Object.entries(plan)) console.log(`${site} serves ${served.join(', ')}`)
