"""The programs that judge a cluster: Apache's Java and Go clients, and its mqadmin."""

import hashlib
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import servers  # noqa: E402

BUILD = servers.ROOT / "build" / "interop"
JVM = ["java", "-Xms64m", "-Xmx512m", "-XX:MaxDirectMemorySize=512m", "-XX:-UsePerfData",
       f"-Duser.home={BUILD / 'home'}"]


class MavenSuite:
    """A Java program with its libraries, built by Maven into a directory of its own."""

    def __init__(self, name, project, main, properties=(), jvm=()):
        self.name, self.main, self.jvm = name, main, jvm
        self.project = HERE / project
        self.properties = [f"-D{p}" for p in properties]
        # Suites that differ in how they are run only share what is built.
        self.out = BUILD / "-".join([project, *(p.split("=")[1] for p in properties)])

    def build(self):
        sources = [self.project / "pom.xml", *sorted(self.project.rglob("*.java")),
                   *sorted((HERE / "common").rglob("*.java"))]
        build_once(self.out, sources, ["mvn", "-B", "-q", "-Dstyle.color=never",
                                       "-f", self.project / "pom.xml",
                                       f"-Dinterop.out={self.out}", *self.properties, "compile"])

    def command(self):
        return [*JVM, *self.jvm, "-cp", f"{self.out}/classes:{self.out}/lib/*", self.main]

    def seconds(self, value):
        return str(value)


class GoSuite:
    name = "go"
    project = HERE / "go"
    out = BUILD / "go"

    def build(self):
        sources = sorted(p for p in self.project.iterdir() if p.is_file())
        build_once(self.out, sources, ["go", "build", "-o", self.out / "interop", "."],
                   directory=self.project)

    def command(self):
        return [self.out / "interop"]

    def seconds(self, value):
        return f"{value}s"


CLIENT, ADMIN = "interop.InteropClient", "interop.AdminCheck"
SUITES = {suite.name: suite for suite in (
    MavenSuite("java55", "java", CLIENT, ["rocketmq.version=5.5.0"]),
    MavenSuite("java49", "java", CLIENT, ["rocketmq.version=4.9.8"]),
    GoSuite(),
    MavenSuite("admin", "admin", ADMIN, jvm=[f"-Dinterop.expected={HERE / 'admin'}"]),
    # The client's requests in the binary header instead of JSON.
    MavenSuite("java55binary", "java", CLIENT, ["rocketmq.version=5.5.0"],
               jvm=["-Drocketmq.serialize.type=ROCKETMQ"]),
)}
DEFAULT_SUITES = "java55,java49,go,admin"


def build_once(out, sources, command, directory=None):
    """Builds into an empty `out` unless it holds the result of the same sources."""
    digest = hashlib.sha256(repr([str(c) for c in command]).encode())
    for source in sources:
        digest.update(source.read_bytes())
    stamp = out / "sources.sha256"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    print(f"building {out.relative_to(servers.ROOT)}", flush=True)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    if subprocess.run(command, cwd=directory, stdout=sys.stderr).returncode != 0:
        raise servers.Trouble(f"{command[0]} failed to build {out.name}")
    stamp.write_text(digest.hexdigest())
