"""Small files of every source of data, drawn once: both trees read the same."""
import gzip
import struct

import h5py
import numpy


def write_all(folder):
    generator = numpy.random.default_rng(1)
    folder.mkdir()
    tables(folder, generator)
    images(folder, generator)
    uci(folder / "uci", generator)
    ratings(folder / "ratings.csv", generator)


def classes_and_rows(generator, samples, features, classes=3):
    """Classes that are told apart by their means, none of them missing."""
    labels = numpy.arange(samples) % classes
    return labels, generator.normal(size=(samples, features)) + labels[:, None]


def tables(folder, generator):
    for half, samples in [("train", 90), ("test", 40)]:
        labels, rows = classes_and_rows(generator, samples, 4)
        (folder / f"{half}.csv").write_text("a,b,c,d,label\n" + "".join(
            ",".join([*map(repr, row), f"class{label}"]) + "\n" for row, label in zip(rows.tolist(), labels)))
    labels, rows = classes_and_rows(generator, 120, 6)
    (folder / "table.libsvm").write_text("".join(
        f"{label} " + " ".join(f"{j + 1}:{x!r}" for j, x in enumerate(row) if abs(x) > 0.3) + "\n"
        for row, label in zip(rows.tolist(), labels)))
    with h5py.File(folder / "samples.h5", "w") as file:
        for half, samples in [("train", 150), ("test", 50)]:
            labels, rows = classes_and_rows(generator, samples, 8)
            file[f"{half}/x"], file[f"{half}/y"] = rows, labels


def images(folder, generator):
    npy, idx, cifar10, cifar100 = (folder / name for name in ("npy", "idx", "cifar10", "cifar100"))
    for made in (npy, idx, cifar10, cifar100):
        made.mkdir()
    for half, samples in [("train", 30), ("test", 10)]:
        labels = numpy.arange(samples) % 3
        numpy.save(npy / f"{half}_x.npy", generator.normal(size=(samples, 2, 6, 6)) + labels[:, None, None, None])
        numpy.save(npy / f"{half}_y.npy", labels)

    def draw(*shape):
        return generator.normal(size=shape) / 2
    numpy.savez(npy / "net.npz", **{
        "0.weight": draw(4, 2, 3, 3), "1.weight": draw(4) + 1, "1.bias": draw(4), "1.running_mean": draw(4),
        "1.running_var": draw(4) ** 2 + 0.5, "5.weight": draw(6, 36), "5.bias": draw(6), "7.weight": draw(3, 6),
        "7.bias": draw(3)})

    def pixels(samples, size):
        return generator.integers(0, 256, (samples, size), dtype=numpy.uint8)
    for half, samples in [("train", 48), ("t10k", 16)]:
        images_bytes = struct.pack(">IIII", 2051, samples, 12, 12) + pixels(samples, 144).tobytes()
        (idx / f"{half}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images_bytes))
        (idx / f"{half}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 2049, samples) + bytes(i % 10 for i in range(samples)))
    for name, samples in [("data_batch_1", 25), ("data_batch_2", 25), ("test_batch", 20)]:
        (cifar10 / f"{name}.bin").write_bytes(b"".join(
            bytes([i % 10]) + row.tobytes() for i, row in enumerate(pixels(samples, 3072))))
    for name in ["train", "test"]:
        (cifar100 / f"{name}.bin").write_bytes(b"".join(
            bytes([0, i % 4]) + row.tobytes() for i, row in enumerate(pixels(12, 3072))))


def uci(folder, generator):
    """Five sets in the form of Fernández-Delgado et al."""
    for index in range(5):
        samples, name = 80 + 30 * index, f"set-{index}"
        (folder / name).mkdir(parents=True)
        labels, rows = classes_and_rows(generator, samples, 3 + index, 2 + index % 3)
        lines = ["\t".join(["", *(f"f{j}" for j in range(rows.shape[1])), "clase"])]
        lines += ["\t".join([str(i + 1), *map(repr, row), str(label)])
                  for i, (row, label) in enumerate(zip(rows.tolist(), labels))]
        (folder / name / f"{name}_R.dat").write_text("\n".join(lines) + "\n")
        orders = [generator.permutation(samples) for _ in range(5)]
        parts = [" ".join(map(str, part)) for order in orders
                 for part in (order[: 3 * samples // 4], order[3 * samples // 4:])]
        (folder / name / "conxuntos.dat").write_text("\n".join(parts[:2]) + "\n")
        (folder / name / "conxuntos_kfold.dat").write_text("\n".join(parts[2:]) + "\n")


def ratings(path, generator):
    """Users and items numbered with gaps."""
    chosen = generator.choice(20 * 16, 200, replace=False)
    path.write_text("userId,movieId,rating,timestamp\n" + "".join(
        f"{7 * (at // 16) + 1},{3 * (at % 16) + 2},{generator.integers(1, 11) / 2},0\n" for at in chosen))
