"""The same search in PyTorch (python3-torch from Debian): Lanczos with full reorthogonalisation on double-backward
products, in chunks of images, from the same law of initial parameters and with the same rule to stop.

    env -u OPENBLAS_CORETYPE /usr/bin/python3 bench/lambda_max_torch.py FOLDER [images] [threads] [repetitions]

One JSON line, as bench_lambda_max prints.
"""
import gzip
import json
import statistics
import sys
import time

import numpy
import torch
from torch import nn

FOLDER = sys.argv[1]
IMAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 60000
THREADS = int(sys.argv[3]) if len(sys.argv) > 3 else 2
REPETITIONS = int(sys.argv[4]) if len(sys.argv) > 4 else 3
CHUNK = 2000
TOLERANCE = 1e-3


def read(name, offset):
    with gzip.open(f"{FOLDER}/{name}") as file:
        return numpy.frombuffer(file.read(), numpy.uint8, offset=offset)


def f1():
    layers, width = [], 784
    for _ in range(5):
        layers += [nn.Linear(width, 512), nn.ReLU()]
        width = 512
    net = nn.Sequential(*layers, nn.Linear(width, 10))
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear" if layer is net[-1] else "relu")
            nn.init.zeros_(layer.bias)
    return net


class Products:
    def __init__(self, images, labels):
        self.images, self.labels, self.net = images, labels, f1()
        self.parameters = list(self.net.parameters())
        self.size = sum(p.numel() for p in self.parameters)

    def chunks(self):
        for at in range(0, len(self.images), CHUNK):
            outputs = self.net(self.images[at:at + CHUNK])
            yield nn.functional.cross_entropy(outputs, self.labels[at:at + CHUNK], reduction="sum") / len(self.images)

    def gradient(self):
        return sum(torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, self.parameters)])
                   for loss in self.chunks())

    def hessian(self, v):
        total = torch.zeros(self.size)
        for loss in self.chunks():
            gradient = torch.autograd.grad(loss, self.parameters, create_graph=True)
            along = torch.cat([g.reshape(-1) for g in gradient]).dot(v)
            total += torch.cat([h.reshape(-1) for h in torch.autograd.grad(along, self.parameters)])
        return total


def lambda_max(products):
    basis = [torch.nn.functional.normalize(torch.randn(products.size), dim=0)]
    diagonal, off = [], []
    while True:
        product = products.hessian(basis[-1])
        diagonal.append(float(basis[-1].dot(product)))
        for _ in range(2):
            for q in basis:
                product -= q.dot(product) * q
        remainder = float(product.norm())
        values, vectors = numpy.linalg.eigh(numpy.diag(diagonal) + numpy.diag(off, 1) + numpy.diag(off, -1))
        if remainder * abs(vectors[-1, -1]) <= TOLERANCE * max(abs(values)) or len(basis) == 100:
            break
        off.append(remainder)
        basis.append(product / remainder)
    vector = sum(float(c) * q for c, q in zip(vectors[:, -1], basis))
    residual = float((products.hessian(vector) - values[-1] * vector).norm())
    return float(values[-1]), residual, len(basis) + 1


def main():
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    images = torch.tensor(read("train-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:IMAGES] / 255.0, dtype=torch.float32)
    labels = torch.tensor(read("train-labels-idx1-ubyte.gz", 8)[:IMAGES].astype(numpy.int64))
    products = Products(images, labels)
    products.gradient()
    gradients, searches = [], []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        products.gradient()
        gradients.append(time.perf_counter() - start)
        start = time.perf_counter()
        value, residual, used = lambda_max(products)
        searches.append(time.perf_counter() - start)
    seconds, gradient = statistics.median(searches), statistics.median(gradients)
    print(json.dumps({"bench": "lambda_max_torch", "threads": THREADS, "images": len(images), "lambda_max": value,
                      "residual": residual, "products": used, "seconds": round(seconds, 2),
                      "gradient_s": round(gradient, 3),
                      "seconds_over_gradients": round(seconds / (2.1 * used * gradient), 3),
                      "torch": torch.__version__}), flush=True)


if __name__ == "__main__":
    main()
