"""Prints the numbers of torch_steps_test.cpp (python3-torch from Debian; not needed to run the tests).

    /usr/bin/python3 tests/models/torch_steps.py
"""
import math

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
SAMPLES, BATCH = 24, 16


class Block(nn.Module):
    def __init__(self, branch, shortcut):
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x):
        return self.branch(x) + self.shortcut(x)


def conv(inputs, outputs, size=3, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, padding=(size - 1) // 2, bias=False)


def residual(inputs, outputs, stride, shortcut):
    return Block(nn.Sequential(conv(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs), nn.ReLU(),
                               conv(outputs, outputs), nn.BatchNorm2d(outputs)), shortcut)


NETS = {
    "mlp": nn.Sequential(
        nn.Flatten(), nn.Linear(162, 20, bias=False), nn.BatchNorm1d(20), nn.ReLU(),
        nn.Linear(20, 12, bias=False), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 5)),
    "mlp_tanh": nn.Sequential(
        nn.Flatten(), nn.Linear(162, 20), nn.Tanh(), nn.Linear(20, 12), nn.Tanh(), nn.Linear(12, 5)),
    "conv": nn.Sequential(
        conv(2, 6), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(6, 8, 3, padding=1, stride=2), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(8, 7), nn.LeakyReLU(0.01), nn.Linear(7, 5)),
    "resnet": nn.Sequential(
        conv(2, 4), nn.BatchNorm2d(4), nn.ReLU(), residual(4, 4, 1, nn.Identity()), nn.ReLU(),
        residual(4, 6, 2, nn.Sequential(conv(4, 6, 1, 2), nn.BatchNorm2d(6))), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)),
}


def fill(net):
    """Parameter i of the flat vector is a multiple of sin(1 + 0.7 i)."""
    scales = {id(m.weight) for m in net.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d))}
    at = 0
    for parameter in net.parameters():
        s = torch.sin(1 + 0.7 * torch.arange(at, at + parameter.numel(), dtype=torch.float64))
        at += parameter.numel()
        if parameter.dim() > 1:
            values = 1.5 * s / math.sqrt(parameter[0].numel())
        else:
            values = 1 + 0.1 * s if id(parameter) in scales else 0.1 * s
        with torch.no_grad():
            parameter.copy_(values.reshape(parameter.shape))


def main():
    k = torch.arange(SAMPLES * 162, dtype=torch.float64)
    images = torch.sin(0.37 * k + 0.0011 * ((k % 997) * (k % 13))).reshape(SAMPLES, 2, 9, 9)
    labels = torch.tensor([(3 * i * i + i) % 5 for i in range(SAMPLES)])
    loss = nn.CrossEntropyLoss()
    for name, net in NETS.items():
        fill(net)
        descent = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
        losses = []
        for step in range(10):
            batch = [(7 * step + 5 * j) % SAMPLES for j in range(BATCH)]
            descent.zero_grad()
            value = loss(net(images[batch]), labels[batch])
            losses.append(value.item())
            value.backward()
            descent.step()
        net.eval()
        with torch.no_grad():
            losses.append(loss(net(images), labels).item())
        print(name, ", ".join(f"{value:.15g}" for value in losses))


if __name__ == "__main__":
    main()
