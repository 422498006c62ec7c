#!/usr/bin/python3
"""bench_gram against numpy on the same cores: interleaved runs, medians, one line of JSON each.

  gram_numpy.py BENCH_GRAM MNIST_FOLDER [--n 10000] [--depth 3] [--rounds 3] [--cores 2]

numpy has the same formula (arctan2, not arccos), in place where numpy can, in two forms: on the whole matrix
as one writes it down, and tuned by hand in panels of 500 rows whose temporaries stay small. Its BLAS gets as
many threads as there are cores.
"""
import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import time


def numpy_gram(x, depth, panel):
    """NTK of unit-norm rows in the unscaled convention, n x n, `panel` rows at a time."""
    import numpy as np

    n = x.shape[0]
    gram = np.empty((n, n))
    for begin in range(0, n, panel):
        k = x[begin:begin + panel] @ x.T
        theta = k.copy()
        for _ in range(depth):
            s = np.sqrt(np.maximum(1.0 - k * k, 0.0))
            angle = np.arctan2(s, k)
            derivative = 1.0 - angle / np.pi
            k *= derivative
            k += s / np.pi
            theta *= derivative
            theta += k
        gram[begin:begin + panel] = theta
    return gram


def numpy_worker(folder, n, depth, panel):
    import numpy as np

    with gzip.open(os.path.join(folder, "train-images-idx3-ubyte.gz")) as file:
        x = np.frombuffer(file.read(16 + 784 * n)[16:], np.uint8).reshape(n, 784).astype(float)
    x /= np.linalg.norm(x, axis=1)[:, None]
    start = time.perf_counter()
    gram = numpy_gram(x, depth, panel)
    elapsed_s = time.perf_counter() - start
    print(json.dumps({"benchmark": "gram_numpy", "n": n, "depth": depth, "panel": panel, "time_s": elapsed_s,
                      "threads": int(os.environ["OPENBLAS_NUM_THREADS"]),
                      "mean_diagonal": float(np.diag(gram).mean())}))


def last_json(command, environment):
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("folder")
    parser.add_argument("--n", type=int, default=10000)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--worker", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        numpy_worker(options.folder, options.n, options.depth, options.worker)
        return
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    rows = {"one": [], "all": [], "numpy_whole": [], "numpy_panels": []}
    for _ in range(options.rounds):
        for name, ranks in (("one", 1), ("all", options.cores)):
            rows[name].append(last_json(
                ["mpirun", "-n", str(ranks), options.bench, options.folder, str(options.n),
                 str(options.depth), "3"], dict(environment, OPENBLAS_NUM_THREADS="1")))
        for name, panel in (("numpy_whole", options.n), ("numpy_panels", 500)):
            rows[name].append(last_json(
                [sys.executable, os.path.abspath(__file__), "--worker", str(panel), "-", options.folder,
                 "--n", str(options.n), "--depth", str(options.depth)],
                dict(environment, OPENBLAS_NUM_THREADS=str(options.cores))))
    for group in rows.values():
        for row in group:
            print(json.dumps(row))
    time_of = {name: statistics.median(row.get("median_s", row.get("time_s")) for row in group)
               for name, group in rows.items()}
    rate = {name: statistics.median(row["gemm_flops_per_s"] for row in rows[name]) for name in ("one", "all")}
    share = {name: statistics.median(row["share_of_gemm_and_atan2"] for row in rows[name]) for name in ("one", "all")}
    gain = time_of["one"] / time_of["all"]
    dgemm_gain = options.cores * rate["all"] / rate["one"]
    print(json.dumps({
        "benchmark": "gram_summary", "n": options.n, "depth": options.depth, "rounds": options.rounds,
        "cores": options.cores, "median_s": time_of,
        "speed_over_numpy_whole": time_of["numpy_whole"] / time_of["all"],
        "speed_over_numpy_panels": time_of["numpy_panels"] / time_of["all"],
        "share_of_gemm_and_atan2": share, "gain": gain, "dgemm_gain": dgemm_gain, "gain_over_dgemm_gain": gain / dgemm_gain}))


if __name__ == "__main__":
    main()
