"""Starts and stops clusters of one NameServer and one broker for trials and measurements.

Ours are processes of a build directory; Apache's are started by tools/interop/java_servers.sh.
Ready means, for both, that the NameServer knows the broker.
"""

import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
READY_SECONDS = 90


class Trouble(Exception):
    """A server does not start, or has died."""


class OurServers:
    name = "ours"

    def __init__(self, directory, binaries, broker_keys=None):
        self.directory, self.binaries = pathlib.Path(directory), pathlib.Path(binaries)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.namesrv_port, self.broker_port = free_ports()
        self.address = f"127.0.0.1:{self.namesrv_port}"
        self.namesrv = self.broker = None
        write_properties(self.directory / "namesrv.conf", {
            "listenPort": self.namesrv_port, "kvConfigPath": self.directory / "kvConfig.json"})
        write_properties(self.directory / "broker.conf", {
            "brokerName": "broker-a", "brokerIP1": "127.0.0.1", "listenPort": self.broker_port,
            "namesrvAddr": self.address, "storePathRootDir": self.directory / "store",
            **(broker_keys or {})})

    def start(self):
        """Starts both; returns the seconds until they are ready."""
        begin = time.monotonic()
        self.namesrv = self.launch("mqnamesrv", "namesrv.conf")
        self.start_broker()
        return time.monotonic() - begin

    def start_broker(self):
        """Starts the broker; returns once the NameServer knows it."""
        self.broker = self.launch("mqbroker", "broker.conf")
        try:
            await_route(self.address, lambda: not self.dead())
        except Trouble:
            for log in sorted(self.directory.glob("*.log")):
                print(f"{log}:\n{log.read_text(errors='replace')[-2000:]}", file=sys.stderr)
            raise

    def launch(self, program, config):
        output = (self.directory / f"{program}.log").open("a")
        with output:
            try:
                return subprocess.Popen([self.binaries / program, "-c", self.directory / config],
                                        stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            except OSError as error:
                raise Trouble(f"{program}: {error}") from error

    def dead(self):
        return [str(process.args[0]) for process in (self.namesrv, self.broker)
                if process and process.poll() is not None]

    def pids(self):
        return {"namesrv": self.namesrv.pid, "broker": self.broker.pid}

    def kill_broker(self):
        """SIGKILL; returns when the process is gone."""
        self.broker.kill()
        self.broker.wait()

    def stop(self):
        for process in (self.broker, self.namesrv):
            if process is None or process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise Trouble(f"{process.args[0]} does not stop") from None
            if process.returncode != 0:
                raise Trouble(f"{process.args[0]} ended with {process.returncode}")


class JavaServers:
    name = "java"
    script = ROOT / "tools" / "interop" / "java_servers.sh"

    def __init__(self, directory, broker_keys=None):
        self.directory = pathlib.Path(directory)
        self.namesrv_port, self.broker_port = free_ports()
        self.address = f"127.0.0.1:{self.namesrv_port}"
        self.keys = broker_keys or {}

    def start(self):
        begin = time.monotonic()
        settings = [word for key, value in self.keys.items()
                    for word in ("--set", f"{key}={value}")]
        script = subprocess.Popen(
            [self.script, "start", "--dir", self.directory,
             "--namesrv-port", str(self.namesrv_port), "--broker-port", str(self.broker_port),
             *settings], stdout=subprocess.DEVNULL)
        # The script itself waits for a line in a log, which comes a little later.
        await_route(self.address, lambda: script.poll() in (None, 0))
        ready = time.monotonic() - begin
        if script.wait() != 0:
            raise Trouble("Java's servers don't start")
        return ready

    def pids(self):
        return {name: int((self.directory / f"{name}.pid").read_text())
                for name in ("namesrv", "broker")}

    def dead(self):
        return [f"{name} of Java" for name, pid in self.pids().items()
                if not pathlib.Path(f"/proc/{pid}").exists()]

    def stop(self):
        subprocess.run([self.script, "stop", "--dir", self.directory], check=False)


class RunningServers:
    """A cluster that somebody else started and will stop."""

    def __init__(self, address):
        self.address = address

    def start(self):
        await_route(self.address, lambda: True)

    def dead(self):
        return []

    def stop(self):
        pass


def await_route(address, alive):
    """Waits until the NameServer can tell where to create topics."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            if ask_route(address, "TBW102") == 0:
                return
        except (OSError, struct.error, ValueError, KeyError):
            pass
        if not alive() or time.monotonic() > deadline:
            raise Trouble(f"no broker is known at {address}")
        time.sleep(0.005)


def ask_route(address, topic):
    """Returns the response code to GET_ROUTEINFO_BY_TOPIC (105)."""
    header = json.dumps({"code": 105, "flag": 0, "language": "PYTHON", "opaque": 1,
                         "version": 0, "serializeTypeCurrentRPC": "JSON",
                         "extFields": {"topic": topic}}).encode()
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=5) as stream:
        stream.sendall(struct.pack(">ii", 4 + len(header), len(header)) + header)
        answer = stream.makefile("rb")
        _, header_length = struct.unpack(">ii", answer.read(8))
        return json.loads(answer.read(header_length & 0xffffff))["code"]


def memory_kib(pid, key):
    """VmRSS (now) or VmHWM (the most there was) of a process."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    return 0


def write_properties(path, properties):
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))


def free_ports():
    """A port for the NameServer, and one for a broker, which takes three: -2, 0 and +1."""
    for base in range(20000 + os.getpid() % 1000 * 10, 32000, 10):
        if all(map(is_free, (base, base + 3, base + 5, base + 6))):
            return base, base + 5
    raise Trouble("no free ports")


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
