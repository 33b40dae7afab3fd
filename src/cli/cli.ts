import { Command, CommanderError, Option } from 'commander'
import { ThalwegError } from '../base/index.ts'
import { integerFlag, numberFlag, settingFlag } from '../inputs/index.ts'
import { type BenchOptions, benchCommand } from './commands/bench.ts'
import { type ColorsOptions, colorsCommand } from './commands/colors.ts'
import { type CompareOptions, compareCommand } from './commands/compare.ts'
import { type FitOptions, fitCommand } from './commands/fit.ts'
import { type ForkOptions, forkCommand } from './commands/fork.ts'
import { functionsCommand } from './commands/functions.ts'
import { infoCommand } from './commands/info.ts'
import { type LinearOptions, linearCommand } from './commands/linear.ts'
import { type ListOptions, listCommand } from './commands/list.ts'
import { type MinimizeOptions, minimizeCommand, type RunFlags } from './commands/minimize.ts'
import { type ReplayOptions, replayCommand } from './commands/replay.ts'
import { type ReproduceOptions, reproduceCommand } from './commands/reproduce.ts'
import { resumeCommand } from './commands/resume.ts'
import { defaultPort, type ServeCommandOptions, serveCommand } from './commands/serve.ts'
import { type SolveOptions, solveCommand } from './commands/solve.ts'
import { tourCommand } from './commands/tour.ts'
import { type TransportCommandOptions, transportCommand } from './commands/transport.ts'
import { packageRoot } from './package-root.ts'
import { type CommonOptions, exitCodes, Session } from './session.ts'
import type { CliStreams } from './streams.ts'

/**
 * Runs one command of the command line.
 *
 * @param argv as `process.argv`: the program, the script, then the arguments
 * @returns the exit code: 0 solved, 1 ran but did not converge, 2 wrong usage or input
 */
export async function main(argv: readonly string[], streams: CliStreams): Promise<number> {
  let code: number = exitCodes.solved
  const program = build(streams, async (options, action) => {
    const session = new Session(streams, options)
    try {
      code = await action(session)
    } finally {
      session.close()
    }
  })
  try {
    await program.parseAsync([...argv])
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.solved : exitCodes.badInput
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    streams.stderr.write(`thalweg: ${message}\n`)
    if (!(error instanceof ThalwegError) && streams.env.THALWEG_DEBUG) streams.stderr.write(`${stack}\n`)
    return exitCodes.badInput
  }
}

/** `-x^2` looks like flags to the parser of arguments. */
function hint(error: string): string {
  return /unknown option '-[^-]/.test(error)
    ? 'An expression that begins with a minus sign goes last, after --: thalweg minimize --start=0 -- "-x*exp(-x)"\n'
    : ''
}

type Run = (options: CommonOptions, action: (session: Session) => Promise<number>) => Promise<void>

function build(streams: CliStreams, run: Run): Command {
  const program = new Command('thalweg')
    .description('The optimization toolkit for TypeScript, from the command line.')
    .version(packageRoot().version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      outputError: (text, write) => write(`thalweg: ${text.replace(/^error: /, '')}${hint(text)}`),
      getOutHelpWidth: () => streams.stdout.columns || 80,
      getErrHelpWidth: () => streams.stderr.columns || 80,
    })
    .addHelpText('after', '\nBegin with: thalweg tour')

  const command = (usage: string, description: string): Command =>
    common(program.command(usage).description(description))

  command('list [words...]', 'list methods and papers (those that mention all words)')
    .option('--room <room>', 'only this room, such as smooth')
    .option('--built', 'only what is built')
    .action((words: string[], options: ListOptions) => run(options, (session) => listCommand(session, words, options)))

  command('info [name]', 'say what is installed, or tell more about one method').action(
    (name: string | undefined, options: CommonOptions) => run(options, (session) => infoCommand(session, name)),
  )

  command('tour', 'solve a handful of real problems in front of you').action((options: CommonOptions) =>
    run(options, (session) => tourCommand(session, options)),
  )

  command('functions [words...]', 'list the test functions that minimize and compare know by name').action(
    (words: string[], options: CommonOptions) => run(options, (session) => functionsCommand(session, words, options)),
  )

  problem(limited(command('minimize <problem>', 'minimize an expression, a test function, or what a module exports')))
    .option('--method <name>', 'a method of thalweg list (default: one that suits the problem)')
    .option('--global', 'look for the global minimum in the box of --lower and --upper')
    .addOption(
      new Option('--multi-start <count>', 'so many local searches from different points of the box').argParser(
        integerFlag('--multi-start', 1),
      ),
    )
    .option('--set <name=value>', 'an option of the method; may be repeated', settingFlag)
    .option('--run-file <file>', 'write the run to this file as it goes; thalweg resume continues it')
    .addHelpText(
      'after',
      `
Examples:
  thalweg minimize "100*(x2-x1^2)^2+(1-x1)^2" --start=-1.2,1
  thalweg minimize "(x-2)^4 + exp(y)" --start=x=0,y=0 --lower=y=-1,x=-inf
  thalweg minimize "x^2 + 10*(1-cos(2*pi*x)) + y^2" --lower=-5 --upper=5 --global
  thalweg minimize rastrigin-10 --global --max-evaluations 50000
  thalweg minimize problem.mjs --run-file run.jsonl

An expression that begins with a minus sign goes last, after --:
  thalweg minimize --start=0 -- "-x*exp(-x)"`,
    )
    .action((problem: string, options: MinimizeOptions) =>
      run(options, (session) => minimizeCommand(session, problem, options)),
    )

  problem(limited(command('compare <problems...>', 'run several methods under one budget, on one problem or on a set')))
    .option('--methods <names>', 'methods with options: lbfgs,cma-es,lbfgs:memory=3 (default: some that suit)')
    .addOption(
      new Option('--seeds <count>', 'run each problem with so many seeds (default 1)').argParser(
        integerFlag('--seeds', 1),
      ),
    )
    .addOption(
      new Option(
        '--accuracy <number>',
        'share of the decrease f(start) - f_best that may be missing (default 1e-6)',
      ).argParser(numberFlag('--accuracy', { positive: true })),
    )
    .addOption(
      new Option('--cost <measure>', 'what runs are charged for (default evaluations)').choices([
        'evaluations',
        'iterations',
        'milliseconds',
      ]),
    )
    .addHelpText(
      'after',
      `
A problem is an expression, a module, a test function (rastrigin-10, mgh:meyer), or a set of those: all, mgh, or a tag such as
multimodal (thalweg functions lists them). Several problems give performance and data profiles.

Examples:
  thalweg compare "100*(x2-x1^2)^2+(1-x1)^2" --start=-1.2,1
  thalweg compare rastrigin-5 --methods cma-es:restarts=5,differential-evolution --max-evaluations 20000
  thalweg compare multimodal --dimension 5 --seeds 3 --svg profiles.svg`,
    )
    .action((problems: string[], options: CompareOptions) =>
      run(options, (session) => compareCommand(session, problems, options)),
    )

  limited(command('resume <file>', 'go on with a run that was stopped or killed')).action(
    (file: string, options: RunFlags) => run(options, (session) => resumeCommand(session, file, options)),
  )

  command('replay <file>', 'show what a run file recorded: table, chart, any iterate')
    .addOption(new Option('--from <k>', 'first iteration shown').argParser(integerFlag('--from')))
    .addOption(new Option('--to <k>', 'last iteration shown').argParser(integerFlag('--to')))
    .addOption(new Option('--every <n>', 'show every n-th iterate').argParser(integerFlag('--every', 1)))
    .addOption(new Option('--at <k>', 'show the iterate of iteration k').argParser(integerFlag('--at')))
    .option('--svg <file>', 'write the plot to this file')
    .option('--no-plot', 'no plot in the terminal')
    .action((file: string, options: ReplayOptions) => run(options, (session) => replayCommand(session, file, options)))

  limited(command('fork <file>', 'go on from any iteration of a recorded run, into a new run file'))
    .addOption(new Option('--at <k>', 'the iteration to go on from (default: the last)').argParser(integerFlag('--at')))
    .option('--method <name>', 'go on with another method, from the best point of iteration k')
    .option('--set <name=value>', 'another option of the method; may be repeated', settingFlag)
    .option('--run-file <file>', 'the new run file (default: beside the old one)')
    .addHelpText(
      'after',
      `
Examples:
  thalweg fork run.jsonl --at 200 --set stepSize=0.01
  thalweg fork run.jsonl --at 200 --seed 7
  thalweg fork run.jsonl --method lbfgsb --run-file polished.jsonl`,
    )
    .action((file: string, options: ForkOptions) => run(options, (session) => forkCommand(session, file, options)))

  limited(command('fit <data>', 'fit a model to a table (CSV, or a NIST .dat file)'))
    .option('--model <expression>', 'the model, in columns and parameters: "b1*(1-exp(-b2*x))" or "log(y) = a + b*x"')
    .option('--start <numbers>', 'where the parameters start, as 500,0.0001 or b1=500,b2=1e-4; for .dat also 1 or 2')
    .option('--x <columns>', 'column (or columns, with commas) of the predictor')
    .option('--y <column>', 'column of the response')
    .option('--delimiter <character>', 'what separates the columns (default: comma, semicolon or tab, as found)')
    .addHelpText(
      'after',
      `
Names in the model that are columns are predictors; 'x' stands for the column of --x; all other names are parameters.

Examples:
  thalweg fit data.csv --model "b1*(1-exp(-b2*x))" --start=500,0.0001
  thalweg fit data.csv --model "a + b*age + c*dose" --y response --start=0,0,0
  thalweg fit Misra1a.dat`,
    )
    .action((data: string, options: FitOptions) => run(options, (session) => fitCommand(session, data, options)))

  command('transport [source] [target]', 'optimal transport between two clouds of points, or for a matrix of costs')
    .option('--metric <name>', 'sqeuclidean (the default), euclidean, l1 or cosine')
    .option('--cost-matrix <file>', 'costs as a CSV matrix, one row for each source, instead of points')
    .option('--source-weights <file>', 'masses of the rows of the cost matrix (default: equal)')
    .option('--target-weights <file>', 'masses of its columns (default: equal)')
    .option('--normalize', 'scale the masses of both sides to sum 1')
    .addOption(
      new Option('--regularization <epsilon>', 'entropic regularization, in units of the cost').argParser(
        numberFlag('--regularization', { positive: true }),
      ),
    )
    .option('--exact', 'no regularization (the default up to 4 million pairs)')
    .addOption(
      new Option('--unbalanced <rho>', 'masses may differ, at this price; needs --regularization').argParser(
        numberFlag('--unbalanced', { positive: true }),
      ),
    )
    .option('--method <name>', 'such as sinkhorn or network-simplex (default: one that suits)')
    .option('--plan <file>', 'write the plan to this CSV file: source,target,mass')
    .addOption(
      new Option('--max-iterations <count>', 'stop after so many iterations').argParser(
        integerFlag('--max-iterations'),
      ),
    )
    .option('--svg <file>', 'write the plot to this file')
    .option('--no-plot', 'no plot in the terminal')
    .addHelpText(
      'after',
      `
A file of points has one row for each point; a column called weight (or mass) holds masses.

Examples:
  thalweg transport source.csv target.csv
  thalweg transport source.csv target.csv --metric euclidean --regularization 0.01 --plan plan.csv
  thalweg transport --cost-matrix costs.csv --source-weights a.csv --target-weights b.csv`,
    )
    .action((source: string | undefined, target: string | undefined, options: TransportCommandOptions) =>
      run(options, (session) => transportCommand(session, source, target, options)),
    )

  command('colors <source> <target>', 'give one PNG picture the colours of another')
    .requiredOption('--out <file>', 'where the new picture goes')
    .addOption(
      new Option('--samples <count>', 'pixels drawn from each picture (default 1000)').argParser(
        integerFlag('--samples', 1),
      ),
    )
    .addOption(
      new Option('--regularization <epsilon>', 'for colours in [0, 1] (default 0.005; 0 for exact)').argParser(
        numberFlag('--regularization', { min: 0 }),
      ),
    )
    .action((source: string, target: string, options: ColorsOptions) =>
      run(options, (session) => colorsCommand(session, source, target, options)),
    )

  limited(command('linear <matrix>', 'solve the linear system of a MatrixMarket file'))
    .option('--rhs <file>', 'right-hand side: a .mtx or CSV file with one column (default: all ones)')
    .option('--method <name>', 'such as sor or gmres (default: one that suits the matrix)')
    .option('--omega <number>', 'relaxation of sor and symmetric-sor: auto, or a number in (0, 2)')
    .option('--set <name=value>', 'an option of the method; may be repeated', settingFlag)
    .option('--solution <file>', 'write x to this CSV file')
    .option('--full', 'list x under --json also when it is long')
    .action((matrix: string, options: LinearOptions) =>
      run(options, (session) => linearCommand(session, matrix, options)),
    )

  command('reproduce [paper]', 'run the claims of a paper again and say which hold')
    .option('--all', 'all papers that are built; writes a page of evidence')
    .option('--quick', 'smaller sizes: seconds instead of minutes')
    .option('--strict', 'exit with 1 if a claim does not hold')
    .option('--set <name=value>', 'a parameter of the experiment; may be repeated', settingFlag)
    .option('--svg <file>', 'write the charts to this file')
    .option('--no-plot', 'no charts in the terminal')
    .option('--output <file>', 'where --all writes its page (default: docs/evidence.md)')
    .action((paper: string | undefined, options: ReproduceOptions) =>
      run(options, (session) => reproduceCommand(session, paper, options)),
    )

  command('serve', 'show the workbench, all methods live, in a browser')
    .addOption(
      new Option('--port <port>', `default ${defaultPort}; 0 for any that is free`).argParser(
        integerFlag('--port', 0, 65535),
      ),
    )
    .option('--host <address>', 'default localhost: reached from this machine only; 0.0.0.0 for the network')
    .action((options: ServeCommandOptions) => run(options, (session) => serveCommand(session, options)))

  command('solve <model>', 'solve a mixed-integer, linear or quadratic program from an MPS or LP file (.gz too)')
    .option(
      '--method <name>',
      'highs (exact, the default) or balans (good points of hard models, for 60 s unless told)',
    )
    .option('--set <name=value>', 'set an option of the method (repeat)', settingFlag)
    .option('--engine <name>', 'what solves: highs (the default) or cbc (if installed)')
    .addOption(
      new Option('--gap <number>', 'relative gap at which it is solved, default 1e-4').argParser(
        numberFlag('--gap', { min: 0 }),
      ),
    )
    .addOption(
      new Option('--max-nodes <count>', 'stop after so many nodes of the search tree').argParser(
        integerFlag('--max-nodes', 1),
      ),
    )
    .addOption(
      new Option('--max-iterations <count>', 'stop balans after so many iterations').argParser(
        integerFlag('--max-iterations'),
      ),
    )
    .option('--start <file.sol>', 'begin from this solution')
    .option('--solution <file.sol>', 'write the solution to this file')
    .option('--write <file>', 'write the model to this .mps or .lp file')
    .option('--svg <file>', 'write the plot of incumbent and bound to this file')
    .option('--no-plot', 'no plot in the terminal')
    .action((model: string, options: SolveOptions) => run(options, (session) => solveCommand(session, model, options)))

  command('bench [rooms...]', 'measure against named peers (from a checkout of the repository)')
    .option('--output <file>', 'write the tables to this Markdown file')
    .action((rooms: string[], options: BenchOptions) =>
      run(options, (session) => benchCommand(session, rooms, options)),
    )

  return program
}

/** Every command takes these; those that compute nothing ignore all but `--json`. */
function common(command: Command): Command {
  return command
    .option('--json', 'print one JSON value and nothing else')
    .addOption(new Option('--seed <integer>', 'seed of all random draws').argParser(integerFlag('--seed')))
    .addOption(
      new Option('--max-seconds <seconds>', 'stop after this time').argParser(numberFlag('--max-seconds', { min: 0 })),
    )
    .addOption(
      new Option('--tolerance <number>', 'bound on the optimality measure').argParser(
        numberFlag('--tolerance', { min: 0 }),
      ),
    )
}

/** What commands take that minimize something given on the command line. */
function problem(command: Command): Command {
  return command
    .option('--start <numbers>', 'where to start: -1.2,1 in the order of the variables, or x2=1,x1=-1.2')
    .option('--lower <numbers>', 'lower bounds (-inf for none), as --start; one number for all variables')
    .option('--upper <numbers>', 'upper bounds (inf for none), as --lower')
    .addOption(
      new Option('--dimension <n>', 'dimension of a test function (or write rastrigin-10)').argParser(
        integerFlag('--dimension', 1),
      ),
    )
    .option('--unbounded', 'take a test function without its box')
}

function limited(command: Command): Command {
  return command
    .addOption(
      new Option('--max-iterations <count>', 'stop after so many iterations').argParser(
        integerFlag('--max-iterations'),
      ),
    )
    .addOption(
      new Option('--max-evaluations <count>', 'stop after so many calls of any oracle').argParser(
        integerFlag('--max-evaluations'),
      ),
    )
    .option('--verbose', 'write a line for iterates, as they come, to standard error')
    .option('--svg <file>', 'write the plot to this file')
    .option('--no-plot', 'no plot in the terminal')
}
