"""What lets the door's page work without a network: its service worker, and its own headers."""

from __future__ import annotations

import functools
import hashlib
import json

from services.chassis.middleware import SECURITY_HEADERS
from services.chassis.pages import STATIC, static

# What the page loads; a camera's picture is read by a WebAssembly module where the browser cannot.
ASSETS = ("app.css", "app.js", "door.js", "icons.svg", "favicon.svg", "zxing.wasm")

# On this page alone the camera may be used, and WebAssembly may be compiled.
HEADERS = {
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"].replace(
        "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
    ),
    "Permissions-Policy": SECURITY_HEADERS["Permissions-Policy"].replace(
        "camera=()", "camera=(self)"
    ),
}


@functools.cache
def worker_script() -> str:
    """The service worker with the addresses of what it keeps.

    Its version is a hash of them all, so that a new build is a new worker with a fresh cache.
    """
    addresses = [static(name) for name in ASSETS]
    script = (STATIC / static("door-worker.js").removeprefix("/static/")).read_text("utf-8")
    version = hashlib.sha256("\n".join([*addresses, script]).encode()).hexdigest()[:12]
    kept = json.dumps({"version": version, "assets": addresses})
    return f"self.KEPT = {kept};\n{script}"
