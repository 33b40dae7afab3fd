export {
  type Bandit,
  type BanditDescription,
  type BanditFactory,
  type BanditOptions,
  type Choice,
  defineBandit,
  type Feedback,
  withFeedback,
} from './bandit.ts'
export { type BinningOptions, binned } from './binned.ts'
export { type ChebCbOptions, type ChebCbState, chebCb, chebyshevFeatures } from './cheb-cb.ts'
export { type EpsilonGreedyOptions, epsilonGreedy } from './epsilon-greedy.ts'
export { type Exp3Options, exp3 } from './exp3.ts'
export { type LinUcbOptions, linUcb } from './lin-ucb.ts'
export { type AnyBanditFactory, banditPolicies, createBandit } from './policies.ts'
export { popularity, type RouletteWheelOptions, randomArm, rouletteWheel } from './proportional.ts'
export { betaSample, categoricalSample, dirichletSample, gammaSample } from './sampling.ts'
export { type SoftmaxOptions, softmax } from './softmax.ts'
export { type ThompsonSamplingOptions, thompsonSampling } from './thompson-sampling.ts'
export { type TsallisInfOptions, type TsallisInfState, tsallisInf, tsallisProbabilities } from './tsallis-inf.ts'
export { type AlphaUcbOptions, alphaUcb, type Ucb1Options, ucb1 } from './ucb.ts'
