"""The same training steps in PyTorch (python3-torch from Debian): F1, batch norm, SGD with momentum.

    env -u OPENBLAS_CORETYPE /usr/bin/python3 bench/training_torch.py [threads] [repetitions]

One JSON line a batch size, as bench_training prints. Run the two by turns and compare medians.
"""
import json
import statistics
import sys
import time

import torch

THREADS = int(sys.argv[1]) if len(sys.argv) > 1 else 2
REPETITIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 7
SAMPLES = 8192


def f1():
    layers, width = [], 784
    for _ in range(5):
        layers += [torch.nn.Linear(width, 512, bias=False), torch.nn.BatchNorm1d(512), torch.nn.ReLU()]
        width = 512
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, 10))


def main():
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    images, labels = torch.randn(SAMPLES, 784), torch.randint(0, 10, (SAMPLES,))
    for batch in [32, 256, 2048]:
        model = f1()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        loss = torch.nn.CrossEntropyLoss()

        def epoch():
            for at in range(0, SAMPLES - batch + 1, batch):
                optimizer.zero_grad(set_to_none=True)
                loss(model(images[at:at + batch]), labels[at:at + batch]).backward()
                optimizer.step()

        epoch()
        seconds = []
        for _ in range(REPETITIONS):
            start = time.perf_counter()
            epoch()
            seconds.append(time.perf_counter() - start)
        rate = SAMPLES // batch * batch / statistics.median(seconds)
        print(json.dumps({"bench": "f1_training_torch", "threads": THREADS, "batch": batch,
                          "images_per_s": round(rate), "torch": torch.__version__}), flush=True)


if __name__ == "__main__":
    main()
