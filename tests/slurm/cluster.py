"""A SLURM of two nodes on this machine: its servers on loopback, started and stopped here, in a folder of their own."""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

NODES = ("n1", "n2")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel", "unshare",
            "setpriv")

# One core a task and nothing else to share; requeued jobs start again as soon as their credential has expired.
CONFIGURATION = """
ClusterName=thalweg
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
TmpFS={folder}/tmp/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
KillOnBadExit=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,bf_interval=1
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobRequeue=1
ReturnToService=2
SlurmdTimeout=10
KillWait=2
MinJobAge=3600
PropagateResourceLimits=NONE
SlurmdParameters=config_overrides
"""
NODE = ("NodeName={name} NodeHostname={name} NodeAddr=127.0.0.1 Port={port} CPUs=4 Boards=1 SocketsPerBoard=1 "
        "CoresPerSocket=4 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN\n")


def what_is_missing():
    """Why no such cluster can be had here, in words; empty where it can."""
    if os.geteuid() != 0:
        return "needs root: each node has a host name of its own"
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        return f"SLURM is not installed: no {', '.join(absent)}"
    result = subprocess.run(["unshare", "--uts", "--mount", "true"], capture_output=True, text=True, check=False)
    return f"no namespaces of our own: {result.stderr.strip()}" if result.returncode != 0 else ""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    """To be used in a with statement; jobs are submitted in `folder`, where they leave their output."""

    def __init__(self):
        # Short: names of sockets lie below it. Not below the session's folder for that reason.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="slurm-"))
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self.servers = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error):
        self.stop()

    def start(self):
        # munged trusts no folder in which others may write.
        self.folder.chmod(0o755)
        for name in ("state", "log", "jobs", *(f"{kind}/{node}" for kind in ("spool", "tmp") for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        controller, *ports = free_ports(1 + len(NODES))
        text = CONFIGURATION.format(host=socket.gethostname().split(".")[0], controller=controller, folder=self.folder)
        for name, port in zip(NODES, ports):
            text += NODE.format(name=name, port=port)
        text += f"PartitionName=test Nodes={','.join(NODES)} Default=YES MaxTime=INFINITE State=UP\n"
        (self.folder / "slurm.conf").write_text(text, encoding="utf-8")
        names = "".join(f"127.0.0.1 {name}\n" for name in ("localhost", *NODES))
        (self.folder / "hosts").write_text(names, encoding="utf-8")
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        self.serve("munged", "--foreground", f"--socket={self.folder}/munge.socket", f"--key-file={key}",
                   f"--pid-file={self.folder}/munged.pid", f"--seed-file={self.folder}/munged.seed",
                   f"--log-file={self.folder}/log/munged.log")
        self.wait("munged", lambda: (self.folder / "munge.socket").exists())
        self.serve("slurmctld", "-D", "-c", "-f", self.folder / "slurm.conf")
        for name in NODES:
            # Host names of their own: with one for all, ranks of two nodes take each other's shared memory for theirs.
            self.serve("unshare", "--uts", "--mount", "sh", "-c",
                       f"mount --bind {self.folder}/hosts /etc/hosts && hostname {name} && "
                       f"exec slurmd -D -c -N {name} -f {self.folder}/slurm.conf")
        self.wait("nodes", lambda: self.ask("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split() == list(NODES))

    def serve(self, *command):
        log = (self.folder / "log" / f"{command[0]}-{len(self.servers)}.out").open("w", encoding="utf-8")
        # They end with the test, however that ends.
        words = ["setpriv", "--pdeathsig", "TERM", *map(str, command)]
        self.servers.append(subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                             env=self.environment, cwd=self.folder, start_new_session=True))

    def stop(self):
        if len(self.servers) > 1:
            self.ask("scancel", "--full", "--signal=KILL", "--me")
            try:
                self.wait("end of all jobs", lambda: not self.jobs(), 20)
            except TimeoutError as error:
                print(error)
            self.ask("scontrol", "shutdown")
        for server in self.servers[1:]:
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
        for server in self.servers[:1]:
            server.terminate()
        for server in self.servers:
            server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *command, **more):
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, check=False,
                              **{"env": self.environment, "cwd": self.folder / "jobs", **more})

    def ask(self, *command):
        return self.run(*command).stdout.strip()

    def jobs(self):
        """{job: state} of those that have not come to their end; a task of an array is "ID_TASK"."""
        lines = self.ask("squeue", "-h", "-r", "-o", "%i %T").splitlines()
        return dict(line.split() for line in lines)

    def describe(self, job):
        """What SLURM knows of a job, finished or not: {"JobState": "COMPLETED", …}."""
        words = self.ask("scontrol", "-o", "show", "job", job).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def wait(self, what, is_so, seconds=60.0):
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: waited {seconds:g} s\n{self.logs()}")
            time.sleep(0.05)

    def logs(self):
        texts = [f"{path.name}\n{path.read_text(encoding='utf-8', errors='replace')[-1500:]}"
                 for path in sorted((self.folder / "log").iterdir())]
        return "\n".join(texts)
