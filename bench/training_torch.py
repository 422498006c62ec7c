"""The same training steps in PyTorch (python3-torch from Debian): SGD with momentum, cross-entropy.

    env -u OPENBLAS_CORETYPE /usr/bin/python3 bench/training_torch.py [f1|c1] [threads] [repetitions] [batch …]

One JSON line a batch size, as bench_training prints. Run the two by turns and compare medians; bench/compare_torch.sh
does that.
"""
import json
import statistics
import sys
import time

import torch
from torch import nn

NAME = sys.argv[1] if len(sys.argv) > 1 else "f1"
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
REPETITIONS = int(sys.argv[3]) if len(sys.argv) > 3 else 7
BATCHES = [int(word) for word in sys.argv[4:]] or ([32, 256, 2048] if NAME == "f1" else [32, 256])


def f1():
    layers, width = [nn.Flatten()], 784
    for _ in range(5):
        layers += [nn.Linear(width, 512, bias=False), nn.BatchNorm1d(512), nn.ReLU()]
        width = 512
    return nn.Sequential(*layers, nn.Linear(width, 10))


def c1():
    layers = []
    for channels in [3, 64]:
        layers += [nn.Conv2d(channels, 64, 5, padding=2, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
                   nn.MaxPool2d(3, 2)]
    layers.append(nn.Flatten())
    for inputs, outputs in [(3136, 384), (384, 192)]:
        layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(192, 10))


def main():
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    shape, least = ((1, 28, 28), 8192) if NAME == "f1" else ((3, 32, 32), 512)
    samples = max(least, *BATCHES)
    images, labels = torch.randn(samples, *shape), torch.randint(0, 10, (samples,))
    for batch in BATCHES:
        model = f1() if NAME == "f1" else c1()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        loss = nn.CrossEntropyLoss()

        def epoch():
            for at in range(0, samples - batch + 1, batch):
                optimizer.zero_grad(set_to_none=True)
                loss(model(images[at:at + batch]), labels[at:at + batch]).backward()
                optimizer.step()

        epoch()
        seconds = []
        for _ in range(REPETITIONS):
            start = time.perf_counter()
            epoch()
            seconds.append(time.perf_counter() - start)
        rate = samples // batch * batch / statistics.median(seconds)
        print(json.dumps({"bench": f"{NAME}_training_torch", "threads": THREADS, "batch": batch,
                          "images_per_s": round(rate), "torch": torch.__version__}), flush=True)


if __name__ == "__main__":
    main()
