"""Peers of the black-box benchmarks: SciPy and NLopt on test functions given as JSON on standard input.

In: {"jobs": [{"function", "lower", "upper", "shift", "rotation", "minimizer", "start", "budget", "seed", "methods", "target"}]}
Out: {"versions": {...}, "results": [{method: {"best", "evaluations", "ms"}}]}
"""
import json
import sys
import time

import numpy as np

try:
    import scipy
    from scipy.optimize import differential_evolution, dual_annealing, minimize
except ImportError:
    scipy = None
try:
    import nlopt
except ImportError:
    nlopt = None

PI = np.pi


def indices(x):
    return np.arange(1, len(x) + 1)


def levy(x):
    w = 1 + (x - 1) / 4
    return (
        np.sin(PI * w[0]) ** 2
        + np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(PI * w[:-1] + 1) ** 2))
        + (w[-1] - 1) ** 2 * (1 + np.sin(2 * PI * w[-1]) ** 2)
    )


def zakharov(x):
    s = np.sum(0.5 * indices(x) * x)
    return np.sum(x * x) + s**2 + s**4


H6A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
H6P = np.array(
    [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ]
)
H6W = np.array([1, 1.2, 3, 3.2])
SHEKEL_A = np.array(
    [[4] * 4, [1] * 4, [8] * 4, [6] * 4, [3, 7, 3, 7], [2, 9, 2, 9], [5, 5, 3, 3], [8, 1, 8, 1], [6, 2, 6, 2], [7, 3.6, 7, 3.6]]
)
SHEKEL_C = np.array([0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5])


def branin(p):
    x, y = p
    return (y - 5.1 / (4 * PI**2) * x * x + 5 / PI * x - 6) ** 2 + 10 * (1 - 1 / (8 * PI)) * np.cos(x) + 10


def goldstein_price(p):
    x, y = p
    return (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y)) * (
        30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y)
    )


def eggholder(p):
    x, y = p
    return -(y + 47) * np.sin(np.sqrt(abs(x / 2 + y + 47))) - x * np.sin(np.sqrt(abs(x - (y + 47))))


FUNCTIONS = {
    "ackley": lambda x: -20 * np.expm1(-0.2 * np.sqrt(np.mean(x * x))) - np.e * np.expm1(np.mean(np.cos(2 * PI * x)) - 1),
    "rastrigin": lambda x: np.sum(x * x + 10 * (1 - np.cos(2 * PI * x))),
    "griewank": lambda x: np.sum(x * x) / 4000 + 1 - np.prod(np.cos(x / np.sqrt(indices(x)))),
    "rosenbrock": lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
    "ellipsoid": lambda x: np.sum(1e6 ** (np.arange(len(x)) / (len(x) - 1)) * x * x),
    "schwefel": lambda x: np.sum(418.9828872724338 - x * np.sin(np.sqrt(np.abs(x)))),
    "styblinski-tang": lambda x: 0.5 * np.sum(x**4 - 16 * x**2 + 5 * x),
    "levy": levy,
    "zakharov": zakharov,
    "hartmann-6": lambda x: -np.sum(H6W * np.exp(-np.sum(H6A * (x - H6P) ** 2, axis=1))),
    "shekel-10": lambda x: -np.sum(1 / (SHEKEL_C + np.sum((x - SHEKEL_A) ** 2, axis=1))),
    "beale": lambda p: (1.5 - p[0] * (1 - p[1])) ** 2
    + (2.25 - p[0] * (1 - p[1] ** 2)) ** 2
    + (2.625 - p[0] * (1 - p[1] ** 3)) ** 2,
    "himmelblau": lambda p: (p[0] ** 2 + p[1] - 11) ** 2 + (p[0] + p[1] ** 2 - 7) ** 2,
    "powell-singular": lambda p: (p[0] + 10 * p[1]) ** 2
    + 5 * (p[2] - p[3]) ** 2
    + (p[1] - 2 * p[2]) ** 4
    + 10 * (p[0] - p[3]) ** 4,
    "colville": lambda p: 100 * (p[0] ** 2 - p[1]) ** 2
    + (p[0] - 1) ** 2
    + (p[2] - 1) ** 2
    + 90 * (p[2] ** 2 - p[3]) ** 2
    + 10.1 * ((p[1] - 1) ** 2 + (p[3] - 1) ** 2)
    + 19.8 * (p[1] - 1) * (p[3] - 1),
    "branin": branin,
    "goldstein-price": goldstein_price,
    "eggholder": eggholder,
}


class Spent(Exception):
    pass


class Objective:
    """Counts, stops at the budget, and remembers the best value."""

    def __init__(self, job):
        self.f = FUNCTIONS[job["function"]]
        self.shift = None if job.get("rotation") is None else np.array(job["shift"])
        if self.shift is not None:
            self.rotation = np.array(job["rotation"]).reshape(len(self.shift), -1)
            self.minimizer = np.array(job["minimizer"])
        self.budget = job["budget"]
        self.count = 0
        self.best = float("inf")

    def __call__(self, x):
        if self.count >= self.budget:
            raise Spent
        self.count += 1
        z = x if self.shift is None else self.minimizer + self.rotation @ (x - self.shift)
        value = float(self.f(z))
        self.best = min(self.best, value)
        return value


def nlopt_run(algorithm, f, job):
    opt = nlopt.opt(algorithm, len(job["lower"]))
    opt.set_min_objective(lambda x, grad: f(np.array(x)))
    opt.set_lower_bounds(job["lower"])
    opt.set_upper_bounds(job["upper"])
    opt.set_maxeval(job["budget"])
    if job.get("target") is not None:
        opt.set_xtol_abs(1e-9)
    nlopt.srand(job["seed"])
    opt.optimize(job["start"])


def run(method, job):
    f = Objective(job)
    bounds = list(zip(job["lower"], job["upper"]))
    n = len(bounds)
    began = time.perf_counter()
    try:
        if method == "scipy differential_evolution":
            generations = max(1, job["budget"] // (15 * n) - 1)
            differential_evolution(f, bounds, seed=job["seed"], maxiter=generations)
        elif method == "scipy dual_annealing":
            dual_annealing(f, bounds, seed=job["seed"], maxfun=job["budget"], maxiter=100000)
        elif method == "scipy Nelder-Mead":
            options = {"maxfev": job["budget"], "maxiter": 10**9, "adaptive": n > 5, "xatol": 1e-8, "fatol": 1e-16}
            minimize(f, job["start"], method="Nelder-Mead", options=options)
        elif method == "nlopt CRS2":
            nlopt_run(nlopt.GN_CRS2_LM, f, job)
        elif method == "nlopt Nelder-Mead":
            nlopt_run(nlopt.LN_NELDERMEAD, f, job)
        elif method == "nlopt Subplex":
            nlopt_run(nlopt.LN_SBPLX, f, job)
    except Spent:
        pass
    except Exception:  # NLopt reports an exception of the objective as its own
        if f.count < f.budget:
            raise
    return {"best": f.best, "evaluations": f.count, "ms": 1000 * (time.perf_counter() - began)}


def main():
    jobs = json.load(sys.stdin)["jobs"]
    versions = {"scipy": scipy.__version__ if scipy else None, "nlopt": nlopt.__version__ if nlopt else None}
    results = []
    for job in jobs:
        usable = [m for m in job["methods"] if versions[m.split()[0]] is not None]
        results.append({method: run(method, job) for method in usable})
    json.dump({"versions": versions, "results": results}, sys.stdout)


main()
