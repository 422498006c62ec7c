"""The same steps of gradient descent in PyTorch (python3-torch from Debian), as the published code takes them: the
product of the factors, the mean squared error at the observed entries, backward, SGD. Once with the entries picked out
of the product, once with a mask of the whole matrix; the faster one counts.

    env -u OPENBLAS_CORETYPE /usr/bin/python3 bench/factorization_torch.py [threads] [rows columns depth observed [repetitions]]
"""
import json
import statistics
import sys
import time

import torch

THREADS = int(sys.argv[1]) if len(sys.argv) > 1 else 1
ROWS, COLUMNS, DEPTH, OBSERVED = [int(word) for word in sys.argv[2:6]] or [100, 100, 3, 2000]
REPETITIONS = int(sys.argv[6]) if len(sys.argv) > 6 else 15


def main():
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    hidden = min(ROWS, COLUMNS)
    sizes = [ROWS] + [hidden] * (DEPTH - 1) + [COLUMNS]
    places = torch.randperm(ROWS * COLUMNS)[:OBSERVED]
    rows, columns, values = places // COLUMNS, places % COLUMNS, torch.randn(OBSERVED)
    mask, target = torch.zeros(ROWS, COLUMNS), torch.zeros(ROWS, COLUMNS)
    mask[rows, columns] = 1
    target[rows, columns] = values

    def picked(product):
        return (product[rows, columns] - values).pow(2).mean()

    def masked(product):
        return (mask * (product - target)).pow(2).sum() / OBSERVED

    for name, loss in [("picked", picked), ("masked", masked)]:
        factors = [torch.nn.Parameter(0.01 * torch.randn(a, b)) for a, b in zip(sizes, sizes[1:])]
        optimizer = torch.optim.SGD(factors, lr=0.01)

        def step():
            product = factors[0]
            for factor in factors[1:]:
                product = product @ factor
            optimizer.zero_grad(set_to_none=True)
            loss(product).backward()
            optimizer.step()

        step()
        steps = max(3, int(500 * (100 / hidden) ** 3))
        seconds = []
        for _ in range(REPETITIONS):
            begin = time.perf_counter()
            for _ in range(steps):
                step()
            seconds.append((time.perf_counter() - begin) / steps)
        print(json.dumps({"bench": f"torch_{name}", "threads": THREADS, "rows": ROWS, "columns": COLUMNS,
                          "depth": DEPTH, "step_us": round(statistics.median(seconds) * 1e6, 1)}), flush=True)


if __name__ == "__main__":
    main()
