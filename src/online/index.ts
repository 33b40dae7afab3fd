export { type AdagradNormOptions, adagradNorm } from './adagrad-norm.ts'
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
export { ballSet, boxSet, type DecisionSet, simplexSet } from './decision-set.ts'
export { type EpsilonGreedyOptions, epsilonGreedy } from './epsilon-greedy.ts'
export { type Exp3Options, exp3 } from './exp3.ts'
export { type ImplicitEnsembleOptions, implicitEnsemble } from './implicit-ensemble.ts'
export { type LinUcbOptions, linUcb } from './lin-ucb.ts'
export { type OnlineGradientDescentOptions, onlineGradientDescent } from './online-gradient-descent.ts'
export { type OnlineNewtonStepOptions, onlineNewtonStep } from './online-newton-step.ts'
export {
  type OnlineConstants,
  type OnlineParts,
  type OnlineProblem,
  onlineClass,
  onlineProblem,
} from './online-problem.ts'
export { type OptimisticEnsembleOptions, optimisticEnsemble } from './optimistic-ensemble.ts'
export { type OptimisticFtrlOptions, optimisticFtrl } from './optimistic-ftrl.ts'
export {
  type GradientHint,
  type OptimisticMirrorDescentOptions,
  optimisticMirrorDescent,
} from './optimistic-mirror-descent.ts'
export { type AnyBanditFactory, banditPolicies, createBandit } from './policies.ts'
export { popularity, type RouletteWheelOptions, randomArm, rouletteWheel } from './proportional.ts'
export { betaSample, categoricalSample, dirichletSample, gammaSample } from './sampling.ts'
export { type SoftmaxOptions, softmax } from './softmax.ts'
export {
  type AbsoluteStreamOptions,
  absoluteProximal,
  absoluteStream,
  type BlockLinearStreamOptions,
  blockLinearStream,
  type QuadraticStreamOptions,
  quadraticStream,
  type RegressionStreamOptions,
  regressionStream,
} from './streams.ts'
export { type ThompsonSamplingOptions, thompsonSampling } from './thompson-sampling.ts'
export { type TsallisInfOptions, type TsallisInfState, tsallisInf, tsallisProbabilities } from './tsallis-inf.ts'
export { type AlphaUcbOptions, alphaUcb, type Ucb1Options, ucb1 } from './ucb.ts'
