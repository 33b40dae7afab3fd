# Solves the jobs given as JSON on standard input with POT and plain NumPy, and prints what it took, as JSON.
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


def median_ms(solve, runs):
    out = solve()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        out = solve()
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[len(times) // 2], out


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


out = []
for job in json.load(sys.stdin):
    C = cost_of(job)
    a, b = np.full(job["n"], 1.0 / job["n"]), np.full(job["m"], 1.0 / job["m"])
    epsilon, tolerance, runs = job.get("epsilon"), job.get("tolerance"), job["runs"]
    peer = job["peer"]
    row = {"checksum": float(C.sum()), "largest": float(C.max())}
    if peer != "numpy" and ot is None:
        out.append(None)
        continue
    if peer == "numpy":
        ms, (u, v, K) = median_ms(lambda: plain_sinkhorn(a, b, C, epsilon, tolerance), runs)
        P = u[:, None] * K * v
        row.update(ms=ms, cost=float((P * C).sum()), error=float(np.abs(P.sum(1) - a).sum() + np.abs(P.sum(0) - b).sum()))
    elif peer == "emd":
        ms, P = median_ms(lambda: ot.emd(a, b, C, numItermax=10**8), runs)
        row.update(ms=ms, cost=float((P * C).sum()), error=float(np.abs(P.sum(1) - a).sum()))
    else:
        # POT stops on the Euclidean norm of the violation; the L1 norm is up to sqrt(n) times that.
        threshold = tolerance / np.sqrt(job["n"])
        solve = lambda: ot.sinkhorn(a, b, C, epsilon, method=peer, stopThr=threshold, numItermax=100000)
        ms, P = median_ms(solve, runs)
        row.update(ms=ms, cost=float((P * C).sum()), error=float(np.abs(P.sum(1) - a).sum() + np.abs(P.sum(0) - b).sum()))
    row["version"] = f"NumPy {np.__version__}" if peer == "numpy" else f"POT {ot.__version__}"
    out.append(row)
print(json.dumps(out))
