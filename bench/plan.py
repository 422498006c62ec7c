#!/usr/bin/env python3
"""What `thalweg plan` predicts beside what a run takes: wall seconds, and peak resident memory of the largest rank.

    python3 bench/plan.py [--ranks N[,N]] [--set KEY=VALUE] STUDY.toml …

Each study is planned and run in this order on an otherwise quiet machine; one JSON object a line, ratios predicted over
measured.
Studies that read a record (`[from]`) are run after the study that writes it, given as FIRST.toml:SECOND.toml.
"""
import argparse
import json
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
THALWEG = ROOT / "build" / "src" / "thalweg"


def mpirun(ranks, *arguments):
    return ["mpirun", "--oversubscribe", "-n", str(ranks), str(THALWEG), *map(str, arguments)]


def peak_of(output):
    """Largest VmHWM among the processes that write to `output`, in bytes."""
    peak = 0
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0] != str(THALWEG).encode() or str(output).encode() not in words:
                continue
            status = (process / "status").read_text()
        except (OSError, IndexError):
            continue
        peak = max([peak] + [1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")])
    return peak


def measured(ranks, study, output, options):
    """Wall seconds and the peak in bytes of one run of `study`."""
    ended = threading.Event()
    peaks = [0]

    def watch():
        while not ended.wait(0.05):
            peaks.append(peak_of(output))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    try:
        subprocess.run(mpirun(ranks, "run", study, "-o", output, *options), check=True, capture_output=True, cwd=ROOT)
    finally:
        seconds = time.monotonic() - began
        ended.set()
        watcher.join()
    return seconds, max(peaks)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", default="2")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--calibrate")
    parser.add_argument("studies", nargs="+")
    chosen = parser.parse_args()
    options = [word for setting in chosen.set for word in ("--set", setting)]
    with tempfile.TemporaryDirectory() as folder:
        for number, given in enumerate(chosen.studies):
            first, _, study = given.rpartition(":")
            from_record = []
            if first:
                source = Path(folder) / f"source-{Path(first).stem}"
                if not source.exists():
                    measured(2, first, source, [])
                from_record = ["--set", f'from.record="{source}"']
            for ranks in map(int, chosen.ranks.split(",")):
                calibrate = ["--calibrate", chosen.calibrate] if chosen.calibrate else []
                text = subprocess.run(
                    mpirun(ranks, "plan", study, "--ranks", ranks, "--json", *calibrate, *options, *from_record),
                    check=True, capture_output=True, text=True, cwd=ROOT).stdout
                plan = json.loads(text)[0]
                seconds, peak = measured(ranks, study, Path(folder) / f"{number}-{ranks}", options + from_record)
                # A run so short that its memory was never looked at has no peak.
                print(json.dumps({"bench": "plan", "study": study, "ranks": ranks, "predicted_s": plan["wall_s"],
                                  "measured_s": round(seconds, 2), "time_ratio": round(plan["wall_s"] / seconds, 3),
                                  "predicted_bytes": plan["memory_bytes"], "measured_bytes": peak,
                                  "memory_ratio": round(plan["memory_bytes"] / peak, 3) if peak else None}), flush=True)


if __name__ == "__main__":
    main()
