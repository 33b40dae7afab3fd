import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { InvalidInputError, OptionError, RandomStream, ShapeError, UnsupportedError } from '../../src/base/index.ts'
import { betaSample, epsilonGreedy, exp3, withFeedback } from '../../src/online/index.ts'
import { parsePlain, stringifyPlain } from '../../src/solver/index.ts'
import {
  asymptoticTau,
  bestFixedParameter,
  bestOnGrid,
  bump,
  cgSolver,
  convectionDiffusion,
  fixedParameter,
  formulaParameter,
  goldenSection,
  goldenSectionParameter,
  gridOf,
  heatEquation,
  type LearnedParameterOptions,
  learnedParameter,
  lShapedLaplacian,
  optimalRelaxation,
  type ParameterChooser,
  type ParametricSolver,
  parameterSelector,
  poisson,
  relaxationBound,
  relaxationGrid,
  type SequenceState,
  type SystemInstance,
  shiftedMatrix,
  shiftedSystems,
  solveSequence,
  sorSolver,
  ssorCgBound,
  ssorCgSolver,
  symmetricSorSolver,
  theoreticalGrid,
  truncatedNormal,
} from '../../src/systems/index.ts'
import { differenceNorm, fromDense, solveDense, toDense } from './dense.ts'

const ones = (n: number): Float64Array => new Float64Array(n).fill(1)
const laplacian = poisson(10, 10)
const beta = Math.cos(Math.PI / 11)

function lowVariance(rounds: number, seed: number) {
  const random = RandomStream.fromSeed(seed).split('shifts')
  const shifts = Float64Array.from({ length: rounds }, () => -0.15 + 0.6 * betaSample(random, 2, 6))
  return shiftedSystems(laplacian, shifts, seed)
}

const contexts = [-0.15, 0.65] as const

describe('solvers for sequences', () => {
  it.each([
    [1, 223],
    [1.2, 145],
    [1.4, 88],
    [optimalRelaxation(beta), 41],
    [1.6, 43],
    [1.8, 89],
    [1.95, 383],
  ])('SOR with omega = %d counts %i sweeps', (omega, sweeps) => {
    const x = new Float64Array(100)
    const outcome = sorSolver().solve({ matrix: laplacian, rightHandSide: ones(100) }, omega, x)
    expect(outcome.iterations).toBe(sweeps)
    expect(outcome.converged).toBe(true)
    expect(outcome.residual).toBeLessThan(1e-8)
    expect(differenceNorm(x, solveDense(toDense(laplacian), ones(100)))).toBeLessThan(1e-5)
  })

  it('all solvers agree on the solution', () => {
    const matrix = shiftedMatrix(lShapedLaplacian(7), 0.1)
    const b = truncatedNormal(RandomStream.fromSeed(1), new Float64Array(matrix.rows))
    const reference = solveDense(toDense(matrix), b)
    for (const solver of [sorSolver(), symmetricSorSolver(), ssorCgSolver(), cgSolver()]) {
      const x = new Float64Array(matrix.rows)
      expect(solver.solve({ matrix, rightHandSide: b }, 1.3, x).converged).toBe(true)
      expect(differenceNorm(x, reference), solver.name).toBeLessThan(1e-6)
    }
  })

  it('measures SOR against the residual at the start and conjugate gradients against b', () => {
    const b = ones(100)
    const start = Float64Array.from(solveDense(toDense(laplacian), b), (v) => v * (1 + 1e-4))
    const near = (relativeTo?: 'start' | 'right-hand-side' | 'absolute') => ({
      sor: sorSolver(relativeTo ? { relativeTo } : {}).solve(
        { matrix: laplacian, rightHandSide: b },
        1.5,
        start.slice(),
      ),
      cg: ssorCgSolver(relativeTo ? { relativeTo } : {}).solve(
        { matrix: laplacian, rightHandSide: b },
        1.5,
        start.slice(),
      ),
    })
    expect(near().sor.iterations).toBe(near('start').sor.iterations)
    expect(near().cg.iterations).toBe(near('right-hand-side').cg.iterations)
    expect(near('start').sor.iterations).toBeGreaterThan(near('right-hand-side').sor.iterations)
    expect(near('absolute').cg.iterations).toBeGreaterThanOrEqual(near('right-hand-side').cg.iterations)
  })

  it('a start that is good enough costs conjugate gradients nothing, and the learner 1', () => {
    const b = ones(100)
    const start = Float64Array.from(solveDense(toDense(laplacian), b))
    const system: SystemInstance = { matrix: laplacian, rightHandSide: b, start }
    expect(ssorCgSolver().solve(system, 1, start.slice()).iterations).toBe(0)
    expect(Array.from(solveSequence([system], ssorCgSolver(), learnedParameter()).costs)).toEqual([1])
  })

  it('a diverging solve costs the limit and is reported', () => {
    const indefinite = fromDense([
      [1, 5],
      [5, 1],
    ])
    const system: SystemInstance = { matrix: indefinite, rightHandSide: Float64Array.of(1, 2) }
    const solver = sorSolver({ maxIterations: 77 })
    const outcome = solver.solve(system, 1, new Float64Array(2))
    expect(outcome).toMatchObject({ iterations: 77, converged: false })
    for (const each of [solver, ssorCgSolver({ maxIterations: 77 })]) {
      const result = solveSequence([system, system], each, fixedParameter(1))
      expect(result.failures).toEqual([0, 1])
      expect(result.total).toBe(154)
      expect(result.warnings[0]).toMatch(/2 systems did not converge within 77/)
    }
  })

  it('refuses matrices that it cannot handle', () => {
    const b = ones(9)
    const skewed: SystemInstance = { matrix: convectionDiffusion(3, [5, 0]), rightHandSide: b }
    for (const solver of [ssorCgSolver(), symmetricSorSolver(), cgSolver()]) {
      expect(() => solver.solve(skewed, 1, new Float64Array(9))).toThrow(UnsupportedError)
    }
    expect(sorSolver().solve(skewed, 1, new Float64Array(9)).converged).toBe(true)
    const hole: SystemInstance = {
      matrix: fromDense([
        [0, 1],
        [1, 0],
      ]),
      rightHandSide: ones(2),
    }
    expect(() => sorSolver().solve(hole, 1, new Float64Array(2))).toThrow(/a\[0\]\[0\] is 0/)
    expect(() => sorSolver({ tolerance: 0 })).toThrow(OptionError)
    expect(() => sorSolver({ relativeTo: 'b' as never })).toThrow(OptionError)
  })
})

describe('bounds on iteration counts', () => {
  it('U(omega) exceeds the SOR count on the whole grid, with the measured tau', () => {
    for (const omega of relaxationGrid) {
      const x = new Float64Array(100)
      const { iterations } = sorSolver().solve({ matrix: laplacian, rightHandSide: ones(100) }, omega, x)
      const tau = asymptoticTau(laplacian, omega, beta, iterations - 1)
      expect(tau).toBeGreaterThanOrEqual(0)
      expect(tau).toBeLessThan(0.5)
      expect(relaxationBound(omega, beta, tau), `omega ${omega}`).toBeGreaterThan(iterations)
    }
  })

  it('U falls up to omega* and rises after it', () => {
    const best = optimalRelaxation(beta)
    for (let omega = 1; omega < best - 0.01; omega += 0.01) {
      expect(relaxationBound(omega + 0.01, beta, 0.2)).toBeLessThan(relaxationBound(omega, beta, 0.2))
    }
    for (let omega = best; omega < 1.98; omega += 0.01) {
      expect(relaxationBound(omega + 0.01, beta, 0.2)).toBeGreaterThan(relaxationBound(omega, beta, 0.2))
    }
  })

  it('the bound for SSOR-CG holds with tau = 1', () => {
    const n = 36
    const matrix = poisson(6, 6)
    const dense = new Matrix(toDense(matrix))
    const inverse = new Matrix(
      Array.from({ length: n }, (_, j) =>
        solveDense(
          toDense(matrix),
          Float64Array.from({ length: n }, (_v, i) => (i === j ? 1 : 0)),
        ),
      ),
    ).transpose()
    const lower = Matrix.zeros(n, n)
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) lower.set(i, j, dense.get(i, j))
    const largest = (m: Matrix): number => Math.max(...new EigenvalueDecomposition(m).realEigenvalues)
    const mu = largest(inverse.clone().mul(4))
    const inner = lower.mmul(lower.transpose()).div(4).sub(Matrix.eye(n, n))
    const nu = largest(inner.mmul(inverse))
    const eigenvalues = new EigenvalueDecomposition(dense).realEigenvalues
    const kappa = Math.max(...eigenvalues) / Math.min(...eigenvalues)
    for (const omega of [0.9, 1, 1.3, 1.6, 1.9]) {
      const x = new Float64Array(n)
      const { iterations } = ssorCgSolver().solve({ matrix, rightHandSide: ones(n) }, omega, x)
      const bound = ssorCgBound(omega, { mu, nu, kappa })
      expect(bound).toBeGreaterThan(iterations)
      expect(bound).toBeLessThan(20 * iterations)
    }
  })

  it('the theoretical grid grows like the cube root of T', () => {
    const grid = theoreticalGrid(5000, beta)
    const omegaMax = optimalRelaxation(beta)
    const alpha = Math.max(beta ** 2, omegaMax - 1)
    expect(grid.length).toBe(Math.ceil(Math.cbrt(2500 / Math.log(alpha) ** 2)))
    expect(grid[grid.length - 1]).toBeCloseTo(omegaMax, 14)
    expect(grid[0]).toBeGreaterThan(1)
    expect(theoreticalGrid(40_000, beta).length / grid.length).toBeCloseTo(2, 1)
    expect(() => theoreticalGrid(0, beta)).toThrow(InvalidInputError)
  })
})

describe('families of systems', () => {
  it('right-hand sides are truncated normal and do not depend on the order of asking', () => {
    const systems = lowVariance(20, 3)
    const late = systems.system(7, null)
    systems.system(1, null)
    expect(systems.system(7, null)).toEqual(late)
    for (let t = 0; t < 20; t++) {
      const { rightHandSide, context, matrix } = systems.system(t, null)
      expect(rightHandSide.reduce((s, v) => s + v * v, 0)).toBeLessThanOrEqual(100)
      expect(matrix.values[0]).toBeCloseTo(4 + (context as number), 14)
    }
  })

  it('the bump is 1 in the middle and flat 0 outside', () => {
    expect(bump(0.5, 0.5, 0.5, 0.5, 0.25)).toBe(1)
    expect(bump(0.75, 0.5, 0.5, 0.5, 0.25)).toBe(0)
    expect(bump(0.6, 0.5, 0.5, 0.5, 0.25)).toBeCloseTo(Math.exp(1 - 1 / (1 - 0.16)), 14)
  })

  it('the heat equation without source decays at its exact rate', () => {
    const cells = 12
    const dt = 1e-3
    const rate = 8 * cells * cells * Math.sin(Math.PI / (2 * cells)) ** 2
    const heat = heatEquation({
      cells,
      steps: 20,
      timeStep: dt,
      diffusion: () => 1,
      forcing: () => 0,
      initial: (x, y) => Math.sin(Math.PI * x) * Math.sin(Math.PI * y),
    })
    const { solution } = solveSequence(heat, ssorCgSolver({ tolerance: 1e-12 }), fixedParameter(1.2))
    const factor = ((1 - (dt * rate) / 2) / (1 + (dt * rate) / 2)) ** 20
    const middle = 5 * 11 + 5
    expect((solution as Float64Array)[middle]).toBeCloseTo(factor, 9)
  })

  it('steps satisfy Crank-Nicolson, with the context and the start they promise', () => {
    const heat = heatEquation({ cells: 6, steps: 40, timeStep: 0.02 })
    const first = heat.system(30, null)
    const u = first.start as Float64Array
    expect(u[12]).toBe(1)
    const time = 30.5 * 0.02
    const kappa = Math.max(0.1 * Math.sin(2 * Math.PI * time), -10 * Math.sin(2 * Math.PI * time))
    expect(first.context).toBeCloseTo(kappa, 14)
    const [low, high] = heat.contexts
    expect(low).toBeLessThanOrEqual(kappa)
    expect(high).toBeGreaterThanOrEqual(kappa)
    // (I + s L) and (I - s L) add up to 2 I.
    const s = (0.02 * kappa * 36) / 2
    expect(toDense(first.matrix)[0].slice(0, 2)).toEqual([expect.closeTo(1 + 4 * s, 10), expect.closeTo(-s, 10)])
    expect(() => heatEquation({ cells: 1 })).toThrow(OptionError)
    expect(() => heatEquation({ diffusion: () => -1 })).toThrow(InvalidInputError)
    expect(() => heatEquation({ step: 3 } as never)).toThrow(/did you mean 'steps'/)
  })
})

describe('choosers', () => {
  it('grids have the decimals one expects', () => {
    expect(relaxationGrid.length).toBe(20)
    expect(relaxationGrid[8]).toBe(1.4)
    expect(relaxationGrid[19]).toBe(1.95)
    expect(gridOf(3, 9, 1)).toEqual([3])
    expect(() => gridOf(0, 1, 0)).toThrow(InvalidInputError)
  })

  it('golden section finds the minimum of a valley within its budget', () => {
    let calls = 0
    const cost = (x: number): number => {
      calls++
      return Math.round(1000 * (x - 1.437) ** 2)
    }
    const best = goldenSection(cost, [1, 1.3, 1.5, 1.75, 1.95], 12)
    expect(calls).toBe(12)
    expect(Math.abs(best.parameter - 1.437)).toBeLessThan(0.05)
    calls = 0
    goldenSection(cost, [1, 1.2, 1.4, 1.6], 5)
    expect(calls).toBe(4)
    expect(() => goldenSectionParameter([1.5, 1.2])).toThrow(/ascending/)
  })

  it('references that look at each system beat every fixed parameter', () => {
    const systems = lowVariance(60, 4)
    const fixed = bestFixedParameter(systems, sorSolver(), relaxationGrid)
    expect(fixed.totals.length).toBe(20)
    expect(fixed.total).toBe(Math.min(...fixed.totals))
    expect(Array.from(fixed.failures)).toEqual(new Array(20).fill(0))
    expect(Math.abs(fixed.parameter - 1.65)).toBeLessThan(0.11)
    const grid = solveSequence(systems, sorSolver(), bestOnGrid(relaxationGrid))
    const golden = solveSequence(systems, sorSolver(), goldenSectionParameter())
    const formula = solveSequence(
      systems,
      sorSolver(),
      formulaParameter('Young', ({ context }) => optimalRelaxation((4 * beta) / (4 + (context as number)))),
    )
    expect(grid.total).toBeLessThan(fixed.total)
    expect(golden.total).toBeLessThan(fixed.total)
    expect(formula.total).toBeLessThan(fixed.total)
    expect(Math.abs(golden.total - grid.total)).toBeLessThan(0.05 * grid.total)
    for (let t = 0; t < 60; t++) {
      for (const omega of [1.4, 1.6]) {
        const { iterations } = sorSolver().solve(systems.system(t, null), omega, new Float64Array(100))
        expect(grid.costs[t]).toBeLessThanOrEqual(iterations)
      }
    }
  })

  it('learned parameters end up cheaper than a bad fixed one and near the best', () => {
    const systems = lowVariance(600, 5)
    const best = bestFixedParameter(lowVariance(40, 6), sorSolver(), relaxationGrid)
    const at = (chooser: ParameterChooser): number => solveSequence(systems, sorSolver(), chooser, { seed: 1 }).mean
    const sample = at(fixedParameter(best.parameter) as ParameterChooser)
    const tsallis = at(learnedParameter() as ParameterChooser)
    const chebyshev = at(learnedParameter({ policy: 'cheb-cb', contexts }) as ParameterChooser)
    expect(tsallis).toBeLessThan(0.5 * at(fixedParameter(1) as ParameterChooser))
    expect(chebyshev).toBeLessThan(1.2 * sample)
    expect(chebyshev).toBeLessThan(tsallis)
  })

  it.each([
    ['tsallis-inf', {}],
    ['tsallis-inf-cb', { contexts }],
    ['cheb-cb', { contexts }],
  ] as const)('%s resumes in the middle of a sequence, bit for bit', (policy, extra) => {
    const chooser = () => learnedParameter({ policy, ...extra } as LearnedParameterOptions)
    const systems = lowVariance(40, 7)
    const whole = solveSequence(systems, sorSolver(), chooser(), { seed: 3 })
    for (const cut of [0, 1, 17]) {
      const part = solveSequence(systems, sorSolver(), chooser(), { seed: 3, maxRounds: cut })
      expect(part.status).toBe('partial')
      expect(part.costs.length).toBe(cut)
      const state = parsePlain(stringifyPlain(part.state)) as SequenceState
      const rest = solveSequence(systems, sorSolver(), chooser(), { resume: state })
      expect(stringifyPlain(rest)).toBe(stringifyPlain(whole))
    }
  })

  it('resumes a simulation that carries its solution along', () => {
    const heat = heatEquation({ cells: 8, steps: 30 })
    const chooser = () => learnedParameter({ policy: 'cheb-cb', contexts: heat.contexts })
    const whole = solveSequence(heat, ssorCgSolver(), chooser(), { seed: 2 })
    const part = solveSequence(heat, ssorCgSolver(), chooser(), { seed: 2, maxRounds: 11 })
    const rest = solveSequence(heat, ssorCgSolver(), chooser(), {
      resume: parsePlain(stringifyPlain(part.state)) as SequenceState,
    })
    expect(stringifyPlain(rest)).toBe(stringifyPlain(whole))
  })

  it('reports rounds as they happen, and stops when aborted', () => {
    const controller = new AbortController()
    const seen: number[] = []
    let total = 0
    const result = solveSequence(lowVariance(30, 8), sorSolver(), learnedParameter(), {
      signal: controller.signal,
      onRound(round) {
        seen.push(round.index)
        total += round.cost
        expect(round.total).toBe(total)
        expect(round.converged).toBe(true)
        expect(round.probability).toBeGreaterThan(0)
        if (round.index === 4) controller.abort()
      },
    })
    expect(seen).toEqual([0, 1, 2, 3, 4])
    expect(result.status).toBe('aborted')
    expect(result.total).toBe(total)
  })

  it('clamps contexts outside their bounds and warns', () => {
    const systems = shiftedSystems(laplacian, [0.1, 0.9, -0.14, 0.7])
    const result = solveSequence(systems, sorSolver(), learnedParameter({ policy: 'cheb-cb', contexts }))
    expect(result.warnings).toEqual(['2 contexts lay outside [-0.15, 0.65] and counted as the nearer end'])
    expect(solveSequence(systems, sorSolver(), learnedParameter()).warnings).toEqual([])
  })

  it('refuses bad sequences, grids and parameters', () => {
    const system: SystemInstance = { matrix: poisson(3), rightHandSide: ones(3) }
    expect(() => solveSequence([], sorSolver(), fixedParameter(1))).toThrow(/at least one system/)
    expect(() => solveSequence([system], sorSolver(), fixedParameter(2))).toThrow(/\(0, 2\), got 2/)
    expect(() => solveSequence([system], sorSolver(), learnedParameter({ grid: [1, 2.5] }))).toThrow(InvalidInputError)
    expect(() =>
      solveSequence(
        [system],
        sorSolver(),
        formulaParameter('NaN', () => Number.NaN),
      ),
    ).toThrow(/got NaN/)
    expect(() => solveSequence([{ ...system, rightHandSide: ones(4) }], sorSolver(), fixedParameter(1))).toThrow(
      ShapeError,
    )
    expect(() => solveSequence([system], sorSolver(), learnedParameter({ policy: 'cheb-cb', contexts }))).toThrow(
      /needs a context/,
    )
    expect(() => solveSequence([system], sorSolver(), fixedParameter(1), { sed: 1 } as never)).toThrow(/'seed'/)
    expect(() => learnedParameter({ grid: [] })).toThrow(/nonempty/)
    expect(() => learnedParameter({ policy: 'cheb-cb' })).toThrow(/needs contexts/)
    expect(() => learnedParameter({ policy: 'chebcb' as never })).toThrow(OptionError)
    expect(() => learnedParameter({ costCap: 1 })).toThrow(OptionError)
    expect(() => learnedParameter({ gird: [1] } as never)).toThrow(/did you mean 'grid'/)
    expect(() => bestFixedParameter([system], sorSolver(), [])).toThrow(/grid/)
    expect(() => fixedParameter(Number.NaN)).toThrow(OptionError)
  })
})

describe('parameterSelector', () => {
  it('serves any integer-valued tuning problem', () => {
    // Restart lengths with costs that no relaxation has.
    const cost = new Map([
      [5, 90],
      [10, 40],
      [20, 25],
      [50, 70],
    ])
    const selector = parameterSelector({ grid: [...cost.keys()], seed: 1 })
    let late = 0
    for (let t = 0; t < 400; t++) {
      const { parameter, arm, probability } = selector.select()
      expect([...cost.keys()][arm]).toBe(parameter)
      expect(probability).toBeGreaterThan(0)
      if (t >= 300 && parameter === 20) late++
      selector.update(cost.get(parameter) as number)
    }
    expect(late).toBeGreaterThan(60)
    expect(selector.state().rounds).toBe(400)
  })

  it('takes any policy for losses', () => {
    const selector = parameterSelector({ grid: [1, 2, 3], policy: (arms) => exp3({ arms, learningRate: 0.01 }) })
    expect([1, 2, 3]).toContain(selector.select().parameter)
    expect(() => parameterSelector({ grid: [1, 2], policy: (arms) => epsilonGreedy({ arms }) })).toThrow(/withFeedback/)
    expect(() => parameterSelector({ grid: [1, 2], policy: () => exp3({ arms: 3 }) })).toThrow(/2 arms/)
    parameterSelector({ grid: [1, 2], policy: (arms) => withFeedback(epsilonGreedy({ arms }), 'loss') })
  })

  it('gives clear errors for misuse, and survives them', () => {
    const selector = parameterSelector()
    expect(() => selector.update(3)).toThrow(/without select/)
    selector.select()
    expect(() => selector.select()).toThrow(/select was called twice/)
    for (const cost of [NaN, Infinity, -1, '3' as never]) {
      expect(() => selector.update(cost)).toThrow(/cost must be a finite number >= 0/)
    }
    selector.update(3)
    expect(selector.state().rounds).toBe(1)
    const contextual = parameterSelector({ policy: 'tsallis-inf-cb', contexts: [0, 1] })
    expect(() => contextual.select()).toThrow(/needs a context/)
    contextual.select(2)
    contextual.update(0)
    expect(contextual.warnings()).toHaveLength(1)
  })

  it('resumes from its plain state, also between select and update', () => {
    const options = { policy: 'cheb-cb', contexts: [0, 1], seed: 5 } as const
    const context = (t: number): number => (t * 0.37) % 1
    const cost = (parameter: number, t: number): number =>
      Math.round(10 + 80 * Math.abs(parameter - 1 - 0.9 * context(t)))
    const whole = parameterSelector(options)
    let copy = parameterSelector(options)
    for (let t = 0; t < 60; t++) {
      const a = whole.select(context(t))
      const b = copy.select(context(t))
      expect(b).toEqual(a)
      if (t % 7 === 3) copy = parameterSelector(options, parsePlain(stringifyPlain(copy.state())) as never)
      whole.update(cost(a.parameter, t))
      copy.update(cost(b.parameter, t))
    }
    expect(stringifyPlain(copy.state())).toBe(stringifyPlain(whole.state()))
  })

  it('caps costs', () => {
    const one = parameterSelector({ grid: [1, 2], costCap: 50 })
    const other = parameterSelector({ grid: [1, 2], costCap: 50 })
    for (let t = 0; t < 20; t++) {
      const { arm } = one.select()
      expect(other.select().arm).toBe(arm)
      one.update(arm === 0 ? 5 : 50)
      other.update(arm === 0 ? 5 : 1e9)
    }
    expect(stringifyPlain(other.state().learner)).toBe(stringifyPlain(one.state().learner))
  })

  it('a solver of one’s own is an object with four fields', () => {
    const solver: ParametricSolver = {
      name: 'pretend',
      domain: [0, 10],
      maxIterations: 99,
      solve: (_system, parameter) => ({
        iterations: Math.round(5 + (parameter - 3) ** 2),
        converged: true,
        residual: 0,
      }),
    }
    const system: SystemInstance = { matrix: poisson(2), rightHandSide: ones(2) }
    const best = bestFixedParameter([system], solver, [1, 2, 3, 4])
    expect(best.parameter).toBe(3)
    expect(best.total).toBe(5)
  })
})
