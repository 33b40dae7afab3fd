# Times POT and plain NumPy. Each line of standard input is a request: a job (answered with the result of one solve), or
# {"time": runs} (answered with the milliseconds of that many solves of the latest job). One JSON line each.
import json
import os
import sys
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np

try:
    import ot
except ImportError:
    ot = None
warnings.simplefilter("ignore")


def mulberry32(seed, count):
    """The same numbers as on the other side, vectorized over the state."""
    with np.errstate(over="ignore"):
        a = (np.uint32(seed) + np.uint32(0x6D2B79F5) * np.arange(1, count + 1, dtype=np.uint32)).astype(np.uint32)
        t = (a ^ (a >> np.uint32(15))) * (np.uint32(1) | a)
        t = (t + (t ^ (t >> np.uint32(7))) * (np.uint32(61) | t)) ^ t
        return (t ^ (t >> np.uint32(14))).astype(np.float64) / 4294967296.0


def plain_sinkhorn(a, b, C, epsilon, tolerance):
    """What one writes down: K, two products an iteration, the error every tenth."""
    K = np.exp(-C / epsilon)
    KT = K.T
    v = np.ones_like(b)
    for k in range(100000):
        u = a / (K @ v)
        v = b / (KT @ u)
        if k % 10 == 9 and np.abs(u * (K @ v) - a).sum() < tolerance:
            break
    return u, v, K


def cost_of(job):
    n, m = job["n"], job["m"]
    numbers = mulberry32(job["seed"], 2 * n + 2 * m if job["kind"] == "clouds" else n * m)
    if job["kind"] == "clouds":
        X, Y = numbers[: 2 * n].reshape(n, 2), numbers[2 * n :].reshape(m, 2)
        C = ((X[:, None, :] - Y[None, :, :]) ** 2).sum(-1)
    else:
        C = numbers.reshape(n, m)
    return np.ascontiguousarray(C / C.max())


def prepared(job):
    """The solve as a function without arguments, and its result as numbers."""
    C = cost_of(job)
    n, m, peer = job["n"], job["m"], job["peer"]
    a, b = np.full(n, 1.0 / n), np.full(m, 1.0 / m)
    epsilon, tolerance = job.get("epsilon"), job.get("tolerance")
    if peer == "numpy":
        solve = lambda: plain_sinkhorn(a, b, C, epsilon, tolerance)
        u, v, K = solve()
        P = u[:, None] * K * v
    else:
        if peer == "emd":
            solve = lambda: ot.emd(a, b, C, numItermax=10**8)
        else:
            # POT stops on the Euclidean norm of the violation; the L1 norm is up to sqrt(n) times that.
            threshold = tolerance / np.sqrt(n)
            solve = lambda: ot.sinkhorn(a, b, C, epsilon, method=peer, stopThr=threshold, numItermax=100000)
        P = solve()
    error = float(np.abs(P.sum(1) - a).sum() + np.abs(P.sum(0) - b).sum())
    version = f"NumPy {np.__version__}" if peer == "numpy" else f"POT {ot.__version__}"
    return solve, {"cost": float((P * C).sum()), "error": error, "checksum": float(C.sum()), "version": version}


solve = None
for line in sys.stdin:
    request = json.loads(line)
    if "time" in request:
        answer = []
        for _ in range(request["time"]):
            start = time.perf_counter()
            solve()
            answer.append((time.perf_counter() - start) * 1e3)
    elif request["peer"] != "numpy" and ot is None:
        answer = None
    else:
        solve, answer = prepared(request)
    print(json.dumps(answer), flush=True)
