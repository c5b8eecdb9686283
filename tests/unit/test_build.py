"""build.py's sentences when something is missing or fails, its progress and its checks.

Does not reach a registry: pip and npm are called so that they fail on this machine.
"""

import ast
import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import build
from publish import ROOT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project in which build.py works with this environment's Python."""
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "STATE", tmp_path / ".vitrine")
    monkeypatch.setattr(build, "VENV", tmp_path / ".vitrine" / "venv")
    monkeypatch.setattr(build, "PYTHON", Path(sys.executable))
    (tmp_path / "requirements").mkdir()
    (tmp_path / ".vitrine" / "venv").mkdir(parents=True)
    return tmp_path


def test_it_parses_on_old_pythons() -> None:
    ast.parse((ROOT / "build.py").read_text(), feature_version=(3, 7))


def test_an_old_python_is_told_so() -> None:
    code = "import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path('build.py', run_name='__main__')"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.startswith("Vitrine needs Python 3.11 or newer, this is Python 3.9.2. Install")


def test_a_python_newer_than_the_locks_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 15, 0))
    with pytest.raises(build.UserError, match=r"pinned for Python 3.11 to 3.14, this is 3.15"):
        build.environment("build")


def test_no_venv_module(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(build.UserError, match=r"venv module is missing.*apt install python3-venv"):
        build.environment("build")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build.main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"build.py {command}" in shown for command in build.COMMANDS)


def test_unknown_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        build.main(["build", "--fast"])
    assert stopped.value.code == 2
    assert "build does not take --fast" in capsys.readouterr().err


def test_a_benchmark_takes_what_follows_it() -> None:
    expected = [["bench.variants", "selfie", "--judge"], ["bench.fps"]]
    assert build.benches(["variants", "selfie", "--judge", "fps"]) == expected
    with pytest.raises(build.UserError, match="There is no bench/selfie"):
        build.benches(["selfie"])


def test_the_comparison_runs_modules_that_exist() -> None:
    assert [run[0] for run in build.benches([*build.COMPARISON])] == [f"bench.{n}" for n in build.COMPARISON]


def test_peers_that_cannot_be_installed_are_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "bench").mkdir()
    (project / "bench" / "package-lock.json").write_text("{}")

    def fail(*_: object) -> None:
        raise build.UserError("The package registry does not answer.")

    monkeypatch.setattr(build, "npm_command", lambda: ["npm"])
    monkeypatch.setattr(build, "run", fail)
    build.peers()
    out = capsys.readouterr().out
    assert out.startswith("The page is compared without its peers, because") and "does not answer" in out


def test_check_names_the_step_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str, by: str = "") -> int:
        return 3 if "format" in words else 0

    monkeypatch.setattr(build, "python", run)
    assert build.check() == 3
    shown = capsys.readouterr()
    assert "check: ruff check" in shown.out and "check: mypy" not in shown.out
    assert shown.err == "\nThe check failed in its step ruff format; see the lines above.\n"


def test_check_runs_every_step(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[str] = []

    def run(*words: str, by: str = "") -> int:
        ran.append(" ".join(words))
        return 0

    monkeypatch.setattr(build, "python", run)
    assert build.check() == 0
    for tool in ("ruff check", "ruff format --check", "mypy", "test_imports.py"):
        assert any(tool in words for words in ran), tool
    assert capsys.readouterr().err == ""


def test_a_hash_that_does_not_match(project: Path) -> None:
    wheel = project / "thing-1.0-py3-none-any.whl"
    wheel.write_bytes(b"not what was pinned")
    lock = project / "requirements" / "build.txt"
    lock.write_text(f"thing @ {wheel.as_uri()} --hash=sha256:{hashlib.sha256(b'pinned').hexdigest()}\n")
    with pytest.raises(build.UserError, match="does not match the hash this project has for it") as stopped:
        build.packages("build")
    assert "run the same command again" in str(stopped.value)
    assert not (build.VENV / "installed-build").exists()


def test_a_registry_that_does_not_answer(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    (project / "requirements" / "build.txt").write_text(f"thing==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(build.UserError, match="registry does not answer"):
        build.packages("build")


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        ("npm error code ENOSPC", "The disk is full"),
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("npm error code EINTEGRITY", "does not match the hash"),
        ("npm error code ENOTFOUND", "registry does not answer"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "certificate is not trusted"),
        (
            "ERROR: No matching distribution found for onnxruntime==1.30.0",
            "has no onnxruntime==1.30.0 for",
        ),
    ],
)
def test_what_installers_print_becomes_a_sentence(project: Path, printed: str, sentence: str) -> None:
    script = f"print('fetching'); print({printed!r}); raise SystemExit(1)"
    with pytest.raises(build.UserError, match=sentence):
        build.run("npm packages", [sys.executable, "-c", script])


def test_an_unknown_failure_shows_its_last_lines(project: Path) -> None:
    with pytest.raises(build.UserError, match="npm packages could not be installed") as stopped:
        build.run("npm packages", [sys.executable, "-c", "print('strange weather'); raise SystemExit(3)"])
    assert "strange weather" in str(stopped.value)
    assert "strange weather" in (project / ".vitrine" / "log" / "npm-packages.txt").read_text()


def test_progress_has_names_and_percentages(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = "print('Collecting a==1'); print('noise'); print('Collecting b==2')"
    build.run("Python packages", [sys.executable, "-c", script], r"^Collecting (\S+)", 4)
    assert capsys.readouterr().out.splitlines() == [
        " 25%  Python packages: a==1",
        " 50%  Python packages: b==2",
        "100%  Python packages",
    ]


def test_what_is_installed_is_not_installed_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = project / "requirements" / "build.txt"
    lock.write_text("thing==1.0\n")
    (build.VENV / "installed-build").write_text(build.digest(lock))
    monkeypatch.setattr(build, "run", lambda *_: pytest.fail("it ran an installer"))
    build.packages("build")


@pytest.mark.parametrize(
    ("raised", "status", "shown"),
    [
        (build.UserError("One sentence."), 1, "One sentence."),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "The disk is full. Free about 1 GB"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_no_traceback_for_what_is_not_a_bug(
    raised: BaseException,
    status: int,
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop(*_: object) -> int:
        raise raised

    monkeypatch.setattr(build, "command", stop)
    assert build.main(["build"]) == status
    assert capsys.readouterr().err.strip().startswith(shown)


def test_locks_have_hashes_and_no_addresses() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")
    for file in (ROOT / "package-lock.json", ROOT / "bench" / "package-lock.json"):
        packages = json.loads(file.read_text())["packages"]
        assert "://" not in json.dumps([[p.get("resolved"), p.get("integrity")] for p in packages.values()])
    assert all(place == "" or package["integrity"] for place, package in packages.items())
