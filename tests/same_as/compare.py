"""Does one thalweg compute exactly what another one computes? Every study in studies/, with both, record by record.

    /usr/bin/python3 tests/same_as/compare.py REFERENCE PRESENT [--ranks 1 2 3] [--only NAME…]

in the environment of `clean_environment` (jobs/common.sh), as tests/same_as/run.sh calls it. Records are compared by the
reference's `thalweg diff`, which leaves out timings and provenance alone; all other files byte by byte. Each study is
also begun by the reference, killed, gone on with by the present program, stopped, and ended by it; parts are merged and
stored points probed. Ends with 1 if anything differs, or where nothing was there to be compared."""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

import data

STUDIES = pathlib.Path(__file__).resolve().parent / "studies"
PATIENCE_S = 600
# What no study needs to name: every run is a "network", and c3 and c4 are c1 and c2 for more classes.
UNNAMED = {"network", "c3", "c4"}
# Kinds whose runs can be dealt out to teams.
WITH_TEAMS = {"trajectories", "surface", "connection", "width", "completion"}
# Studies that keep nothing before they end, or for moments only: they need not be stopped.
ALL_AT_ONCE = {"kernel_cg", "kernel_eigen", "kernel_mixed", "kernel_uci"}
# Older revisions let ScaLAPACK's eigensolver add in the order in which messages arrive: on three ranks and more no two of
# their runs are the same.
MOST_RANKS = {"kernel_eigen": 2}
MERGED = ["protocol", "batch_sweep"]
PROBED = {
    "probes_norm": ["spectral_density:vectors=2,iterations=6,points=101", "critical_point:iterations=5", "norms",
                    "local_entropy:draws=3", "pac_bayes:draws=2,data=test", "perturbation:draws=2,steps=2",
                    "edge_of_stability:iterations=5", "kernel_drift:samples=20,statistics=frozen,name=drift"],
    "schedules": ["noise_scale:draws=2,small=2,large=8", "trace:vectors=2,block=dense1", "sharpness:starts=1,iterations=2"],
}


class Differs(Exception):
    """What the two have not in common, in a line."""


@dataclasses.dataclass
class Outcome:
    records: int = 0
    notes: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Trees:
    """Both programs, and the folder in which they work: what they are told about paths is the same."""
    reference: str
    present: str
    scratch: pathlib.Path

    def start(self, binary, *arguments, ranks=None):
        launcher = ["mpirun", "-q", "-n", str(ranks)] if ranks and ranks > 1 else []
        return subprocess.Popen([*launcher, binary, *map(str, arguments)], cwd=self.scratch, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, binary, *arguments, ranks=None):
        process = self.start(binary, *arguments, ranks=ranks)
        try:
            out, errors = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Differs(f"did not end in {PATIENCE_S} s: {' '.join(map(str, arguments))}") from None
        return subprocess.CompletedProcess(arguments, process.returncode, out, errors)

    def succeed(self, binary, *arguments, ranks=None):
        result = self.run(binary, *arguments, ranks=ranks)
        if result.returncode != 0:
            who = "the reference" if binary == self.reference else "the present program"
            raise Differs(f"{who} ends with {result.returncode}: {' '.join(map(str, arguments))}: {told(result.stderr)}")
        return result

    def both(self, *arguments, ranks=None):
        """The same arguments but for OUT, each program's own folder. Both must succeed."""
        results = []
        for name in ("reference", "present"):
            own = [str(argument).replace("OUT", name) for argument in arguments]
            results.append((self.run(getattr(self, name), *own, ranks=ranks), own))
        (first, _), (second, own) = results
        if first.returncode != second.returncode:
            raise Differs(f"exit codes {first.returncode} and {second.returncode}: {' '.join(own)}: "
                          f"{told(first.stderr)} and {told(second.stderr)}")
        if first.returncode != 0:
            raise Differs(f"both end with {first.returncode}: {' '.join(own)}: {told(first.stderr)}")
        return first, second

    def compare(self, first, second):
        """How many records two folders hold, all alike; else Differs."""
        first, second = self.scratch / first, self.scratch / second
        names = [files(first), files(second)]
        for mine, other, which in [(names[0], names[1], "present"), (names[1], names[0], "reference")]:
            missing = sorted(mine - other)
            if missing:
                raise Differs(f"{missing[0]} is missing in the {which} program's folder ({len(missing)} files are)")
        records = [name for name in names[0] if name.endswith(".h5")]
        if not records:
            raise Differs("there is no record to compare")
        for name in sorted(names[0]):
            if not name.endswith(".h5") and content(first / name) != content(second / name):
                raise Differs(f"{name}: other bytes")
        result = self.run(self.reference, "diff", first, second)
        if result.returncode != 0 or "the records are the same" not in result.stdout:
            lines = [line.strip() for line in result.stdout.splitlines() if line.startswith("  ")]
            raise Differs(lines[0] if lines else told(result.stderr))
        return len(records)


def told(errors):
    """The line of an error output that says what went wrong."""
    lines = [line for line in errors.splitlines() if line.strip()]
    named = [line for line in lines if line.startswith("thalweg: ")]
    return (named or lines[-1:] or ["nothing said"])[0]


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def content(path):
    """Of begun.txt only what was read: the machine and the build are lines without brackets."""
    content_bytes = path.read_bytes()
    if path.name != "begun.txt":
        return content_bytes
    return [line for line in content_bytes.splitlines() if line.startswith(b"[")]


def processes_with(folder, argument):
    """Process ids that work in this folder and have this argument: a comparison beside this one has a folder of its own."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if str(argument) in words and (process / "cwd").resolve() == folder:
                found.append(int(process.name))
        except OSError:
            pass
    return found


def has_begun(folder):
    """Is there work of an unfinished study to go on with?"""
    if (folder / "study.h5").exists():
        return False
    for path in folder.rglob("*.h5*"):
        kept = path.suffix == ".h5" or path.name.endswith(".h5.partial") or path.parent.name == "checkpoints"
        if kept and not path.name.startswith("."):
            return True
    return False


def interrupted(trees, binary, arguments, out, ranks, number, delay_s):
    """Starts a study, and signals it a while after there is something to go on with. Whether it was stopped, and what
    it said."""
    folder = trees.scratch / out
    process = trees.start(binary, *arguments, ranks=ranks)
    began = time.monotonic()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.h5*")} if folder.exists() else {}

    def fresh():
        try:
            return has_begun(folder) and any(path.stat().st_mtime_ns != before.get(path) for path in folder.rglob("*.h5*"))
        except OSError:  # gone since it was listed
            return False
    while process.poll() is None and not fresh() and time.monotonic() - began < PATIENCE_S:
        time.sleep(0.005)
    try:
        process.wait(delay_s)
    except subprocess.TimeoutExpired:
        if number == signal.SIGKILL:
            # mpirun alone would take its time to notice; it and its ranks end at once.
            for pid in processes_with(trees.scratch, out):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        else:
            process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    deadline = time.monotonic() + 30
    while processes_with(trees.scratch, out) and time.monotonic() < deadline:
        time.sleep(0.02)
    expected = -signal.SIGKILL if number == signal.SIGKILL else 75
    return process.returncode == expected, process.returncode, errors


def killed_and_resumed(trees, name, study, ranks, options, duration_s, outcome):
    """The reference's study, killed, gone on with by the present program, stopped again and ended."""
    out = f"killed/{name}-{ranks}"
    arguments = ["run", study, "-o", out, "--resume", "--mixed-machines", *options]
    chance = random.Random(zlib.crc32(out.encode()))
    first, second = chance.sample([signal.SIGKILL, signal.SIGUSR1], 2)

    def begin(binary):
        """Sooner each time it was too late."""
        for share in (0.4, 0.2, 0.1, *[0.0] * 7):
            shutil.rmtree(trees.scratch / out, ignore_errors=True)
            stopped, code, errors = interrupted(trees, binary, arguments, out, ranks, first,
                                                chance.uniform(0, share) * duration_s)
            if stopped and has_begun(trees.scratch / out):
                return True
            if not stopped and code != 0:
                outcome.notes.append(f"told to stop, it ended with {code}: {told(errors)}")
        return False
    if not begin(trees.reference):
        if name not in ALL_AT_ONCE:
            raise Differs("killed: it always ended before it could be stopped")
        return
    resumed, code, errors = interrupted(trees, trees.present, arguments, out, ranks, second, 0.0)
    if code == 2:
        # Another configuration or format, said so; then each goes on with its own.
        outcome.notes.append(f"the reference's beginning is refused ({told(errors)})")
        if not begin(trees.present):
            raise Differs("killed: it always ended before it could be stopped")
    elif not resumed and code != 0:
        outcome.notes.append(f"told to stop, it ended with {code}: {told(errors)}")
    trees.succeed(trees.present, *arguments, ranks=ranks)
    outcome.records += trees.compare(f"reference/{name}-{ranks}", out)
    outcome.notes.append("stopped twice" if resumed else "stopped once")


def merged(trees, name, study, ranks, options, outcome):
    parts = [f"OUT/{name}-part{part}-{ranks}" for part in (1, 2)]
    for number, part in enumerate(parts, 1):
        trees.both("run", study, "-o", part, "--set", f"study.part={number}/2", *options, ranks=ranks)
    trees.both("merge", *parts, "-o", f"OUT/{name}-merged-{ranks}", ranks=ranks)
    trees.succeed(trees.present, "merge", f"reference/{name}-part1-{ranks}", f"present/{name}-part2-{ranks}", "-o",
                  f"present/{name}-mixed-{ranks}", "--mixed-machines", ranks=ranks)
    for part in (1, 2):
        outcome.records += trees.compare(f"reference/{name}-part{part}-{ranks}", f"present/{name}-part{part}-{ranks}")
    for whole in ("merged", "mixed"):
        outcome.records += trees.compare(f"reference/{name}-merged-{ranks}", f"present/{name}-{whole}-{ranks}")
    outcome.notes.append("merged")


def probed(trees, name, ranks, outcome):
    """Each at its own record, and the present program at the reference's."""
    specs = [word for spec in PROBED[name] for word in ("--probe", spec)]
    record = f"OUT/{name}-{ranks}"
    trees.both("probe", record, *specs, "--at", "all", ranks=ranks)
    outcome.records += trees.compare(f"reference/{name}-{ranks}/probes", f"present/{name}-{ranks}/probes")
    trees.succeed(trees.present, "probe", f"reference/{name}-{ranks}", *specs, "--at", "all", "-o",
                  f"present/{name}-probes-{ranks}", ranks=ranks)
    outcome.records += trees.compare(f"reference/{name}-{ranks}/probes", f"present/{name}-probes-{ranks}")
    run = sorted((trees.scratch / f"reference/{name}-{ranks}/runs").glob("*.h5"))[0].stem
    trees.both("weights", record, "--run", run, "-o", f"OUT/{name}-{ranks}.npz")
    if len({content(trees.scratch / f"{tree}/{name}-{ranks}.npz") for tree in ("reference", "present")}) > 1:
        raise Differs(f"weights of {run}: other bytes")
    outcome.notes.append("probed")


def one_study(trees, study, ranks, number, all_ranks):
    """A line about a study on so many ranks, and whether all is the same."""
    name, outcome = study.stem, Outcome()
    all_ranks = [count for count in all_ranks if count <= MOST_RANKS.get(name, count)]
    if ranks not in all_ranks:
        return f"{name:<16} {ranks} ranks  left out: not repeatable on more than {MOST_RANKS[name]}", True, 0
    kind = re.search(r'^kind = "(\w+)"', study.read_text(), re.MULTILINE)[1]
    # Half of the studies on all ranks together, half in teams of one, in turns.
    options = ["--set", "study.team_size=1"] if ranks > 1 and kind in WITH_TEAMS and (number + ranks) % 2 else []
    try:
        dry = ["run", study, "-o", f"dry/{name}", "--dry-run"]
        if trees.run(trees.reference, *dry).returncode == 2 and trees.run(trees.present, *dry).returncode == 0:
            return f"{name:<16} {ranks} ranks  new: the reference refuses it", True, 0
        if ranks == all_ranks[0]:
            first, second = trees.both(*dry)
            if first.stdout != second.stdout:
                lines = [pair for pair in zip(first.stdout.splitlines(), second.stdout.splitlines()) if pair[0] != pair[1]]
                raise Differs(f"--dry-run: {lines[0] if lines else 'more lines'}")
        began = time.monotonic()
        trees.both("run", study, "-o", f"OUT/{name}-{ranks}", *options, ranks=ranks)
        duration_s = (time.monotonic() - began) / 2
        outcome.records += trees.compare(f"reference/{name}-{ranks}", f"present/{name}-{ranks}")
        # What is slow is done on one of the numbers of ranks, another one for each study.
        if ranks == all_ranks[number % len(all_ranks)]:
            trees.succeed(trees.present, "verify", f"reference/{name}-{ranks}")
            killed_and_resumed(trees, name, study, ranks, options, duration_s, outcome)
        if name in MERGED and ranks == all_ranks[-1]:
            merged(trees, name, study, ranks, options, outcome)
        if name in PROBED and ranks == all_ranks[-1]:
            probed(trees, name, ranks, outcome)
    except Differs as difference:
        return f"{name:<16} {ranks} ranks  DIFFERENT: {difference}", False, outcome.records
    for path in [*trees.scratch.glob(f"*/{name}-{ranks}"), *trees.scratch.glob(f"*/{name}-*-{ranks}")]:
        shutil.rmtree(path, ignore_errors=True)
    notes = f"  ({'; '.join(outcome.notes)})" if outcome.notes else ""
    return f"{name:<16} {ranks} ranks {outcome.records:4d} records  same{notes}", True, outcome.records


def uncovered(trees, studies):
    """What `thalweg list` and the kinds have that no study names: it would not be compared."""
    text = "\n".join(study.read_text() for study in studies)
    names, lines = [], trees.succeed(trees.present, "list").stdout.splitlines()
    for line in lines:
        entry = re.match(r"  (\w+(?:, \w+)*)  ", line)
        names += entry[1].split(", ") if entry else []
    (trees.scratch / "unknown.toml").write_text('[study]\nkind = "unknown"\n')
    kinds = re.search(r"known: (.*)", trees.run(trees.present, "run", "unknown.toml", "-o", "dry/unknown").stderr)
    names += kinds[1].split(", ") if kinds else ["(the kinds of studies are not told)"]
    # As a value, a key or a table.
    return [name for name in names if name not in UNNAMED
            and not re.search(rf'"{name}"|^(\w+\.)?{name} = |\[\[{name}\]\]', text, re.MULTILINE)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("reference", type=pathlib.Path)
    parser.add_argument("present", type=pathlib.Path)
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these studies alone")
    parser.add_argument("--jobs", type=int, default=2, help="studies side by side")
    asked = parser.parse_args()
    studies = sorted(STUDIES.glob("*.toml"))
    unknown = set(asked.only or []) - {study.stem for study in studies}
    if unknown or not studies:
        parser.error(f"no studies to compare: {', '.join(sorted(unknown))} not found in {STUDIES}")
    # Records are flushed to the disk: in memory that is free.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="same-as-", dir=memory)).resolve()
    # What killed ranks leave behind goes with the folder; no daemon beside a process without mpirun, and no search for
    # networks, which takes longer than most studies.
    (scratch / "tmp").mkdir()
    os.environ.update(TMPDIR=str(scratch / "tmp"), OMPI_MCA_btl_vader_backing_directory=str(scratch / "tmp"),
                      OMPI_MCA_ess_singleton_isolated="1", OMPI_MCA_pml="ob1", OMPI_MCA_btl="self,vader")
    trees = Trees(str(asked.reference.resolve()), str(asked.present.resolve()), scratch)
    data.write_all(scratch / "data")
    (scratch / "shared").mkdir()
    trees.succeed(trees.reference, "run", STUDIES / "surface.toml", "-o", "shared/surface")
    different = [f"{name} is in no study" for name in uncovered(trees, studies)]
    for line in different:
        print(line)
    chosen = [(number, study) for number, study in enumerate(studies) if not asked.only or study.stem in asked.only]
    compared = records = 0
    for ranks in asked.ranks:
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
            lines = [pool.submit(one_study, trees, study, ranks, number, asked.ranks) for number, study in chosen]
            for line in concurrent.futures.as_completed(lines):
                text, same, count = line.result()
                print(text, flush=True)
                compared += 1
                records += count
                if not same:
                    different.append(text)
        print(f"{ranks} ranks: {time.monotonic() - began:.0f} s", flush=True)
    if different:
        print(f"{compared} comparisons, {records} records, {len(different)} different; the records are in {scratch}:")
        print("\n".join(different))
    else:
        shutil.rmtree(scratch)
        print(f"{compared} comparisons, {records} records, all the same")
    return 1 if different or records == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
