// How is money spread over assets, so that a wanted return comes with as little risk as possible? (Markowitz, 1952)
//   npm run example quadratic-portfolio
import { type MipSolution, mipModel, solveMip, sum } from 'thalweg/mip'

const assets = ['bonds', 'shares', 'gold', 'property'] as const
type Asset = (typeof assets)[number]

/** Returns of twelve years, in percent (invented). */
const returns: Record<Asset, readonly number[]> = {
  bonds: [3.1, 2.4, 4.0, 1.2, 3.6, 2.9, 0.8, 3.3, 2.2, 4.4, 1.9, 2.7],
  shares: [12.1, -8.4, 21.0, 6.2, -3.1, 17.5, 9.4, -12.8, 24.2, 11.3, 2.6, 8.8],
  gold: [-2.2, 14.1, -6.3, 3.0, 9.7, -4.8, 1.1, 16.9, -7.5, 0.4, 6.1, 2.8],
  property: [5.8, -1.9, 9.4, 4.1, 0.7, 7.9, 5.2, -3.6, 10.8, 6.6, 3.0, 5.5],
}
const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length
const covariance = (a: Asset, b: Asset): number =>
  mean(returns[a].map((value, k) => (value - mean(returns[a])) * (returns[b][k] - mean(returns[b]))))

/** The least variance at which the mean return is at least `wanted` percent. */
async function leastRisk(wanted: number) {
  const model = mipModel('portfolio')
  const share = model.continuous('share', assets)
  model.subjectTo('all money', sum(assets, (asset) => share[asset]).equals(1))
  const wish = model.subjectTo(
    'return',
    sum(assets, (asset) => share[asset].times(mean(returns[asset]))).greaterEqual(wanted),
  )
  model.minimize(sum(assets, (a) => sum(assets, (b) => share[a].times(share[b]).times(covariance(a, b)))))
  const solution = await solveMip(model)
  return { wanted, solution, shares: solution.values(share), price: solution.dual(wish) }
}

export const frontier: { wanted: number; solution: MipSolution; shares: Record<Asset, number>; price: number }[] = []
for (const wanted of [3, 4, 5, 6, 7]) frontier.push(await leastRisk(wanted))

console.log('wanted  deviation  one more percent costs  shares')
for (const { wanted, solution, shares, price } of frontier) {
  const spread = assets.map((asset) => `${asset} ${Math.round(100 * shares[asset])} %`)
  const deviation = Math.sqrt(solution.objective).toFixed(2)
  console.log(`${wanted} %     ${deviation} %     ${price.toFixed(2).padStart(6)} of variance     ${spread.join(', ')}`)
}
