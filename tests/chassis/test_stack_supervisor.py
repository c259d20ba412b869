"""The supervisor, as a process of its own that is signalled and killed as people do it."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from services.chassis.stack.info import find_running, note_path
from services.chassis.stack.ports import answers, free_port

STACK = """
import os, signal, sys
from pathlib import Path
from services.chassis.stack.errors import StackError
from services.chassis.stack.supervisor import Kind, Process, Supervisor

data_dir, servers = Path(sys.argv[1]), sys.argv[2] == "servers"
child = data_dir.parent / "child.py"

def part(name, kind, *arguments, **more):
    ready = data_dir / "run" / f"{name.replace(' ', '-')}.ready"
    argv = [sys.executable, str(child), name, *arguments]
    return Process(name=name, argv=argv, kind=kind, ready=ready, **more)

try:
    with Supervisor(data_dir) as stack:
        database_url = stack.postgres() if servers else "postgresql://none"
        redis_url = stack.valkey() if servers else "redis://none"
        PARTS
        stack.announce(
            base_url="http://127.0.0.1:1", database_url=database_url, redis_url=redis_url,
            smtp_url="smtp://none", environment={"LINGBAO_X": "1"},
        )
        print("RUNNING", flush=True)
        stack.watch()
except StackError as error:
    print(f"SENTENCE {error}", flush=True)
    sys.exit(1)
"""
ORDINARY = """stack.start([
            part("front", Kind.FRONT), part("web", Kind.WEB), part("beat", Kind.BEAT),
            part("the worker", Kind.WORKER, "with-child"),
        ])"""
# Says when it starts and stops, in one file; "with-child" starts a process of its own.
CHILD = """
import os, pathlib, signal, subprocess, sys, time
name, options = sys.argv[1], sys.argv[2:]
journal = pathlib.Path(__file__).with_name("journal")

def note(what):
    with journal.open("a") as file:
        file.write(f"{what} {name} {os.getpid()}\\n")

def stop(*_):
    note("stop")
    if "stubborn" not in options:
        sys.exit(0)

signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, lambda *_: note("interrupted"))
note("start")
if "fail" in options:
    sys.exit("ERROR this part cannot work")
if "with-child" in options:
    own = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with journal.open("a") as file:
        file.write(f"grandchild of {own.pid}\\n")
print('{"level": "error", "event": "something is wrong"}', flush=True)
pathlib.Path(os.environ["LINGBAO_READY_FILE"]).touch()
while True:
    time.sleep(0.05)
"""


class Stack:
    def __init__(self, folder: Path, parts: str = ORDINARY, servers: bool = False) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        (folder / "child.py").write_text(CHILD)
        (folder / "stack.py").write_text(textwrap.dedent(STACK).replace("PARTS", parts))
        arguments = [str(self.data_dir), "servers" if servers else "none"]
        self.output = folder / f"output-{time.monotonic_ns()}"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(folder / "stack.py"), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def running(self) -> "Stack":
        until(lambda: "RUNNING" in self.said() or self.process.poll() is not None)
        assert "RUNNING" in self.said(), self.said()
        return self

    def journal(self) -> list[list[str]]:
        path = self.folder / "journal"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def pids(self) -> set[int]:
        """Every process this stack has started, by its own account and by the journal's."""
        found = {int(line[-1]) for line in self.journal()}
        note = self.data_dir / "run" / "pids.json"
        if note.exists():
            found |= {entry[1] for entry in json.loads(note.read_text())}
        return found


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pids: set[int]) -> set[int]:
    found = set()
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.add(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def gone(pids: set[int]) -> None:
    """Nothing is left of these: the system may take a moment to end what was told to."""
    until(lambda: alive(pids) == set())


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    stacks: list[Stack] = []

    def started(parts: str = ORDINARY, servers: bool = False) -> Stack:
        stacks.append(Stack(tmp_path, parts, servers))
        return stacks[-1]

    yield started
    for stack in stacks:
        pids = stack.pids()
        stack.process.kill()
        stack.process.wait()
        for pid in alive(pids):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(start: Callable[..., Stack], number: int) -> None:
    stack = start().running()
    pids = stack.pids()
    assert len(alive(pids)) == 5
    stack.process.send_signal(number)
    assert stack.process.wait(60) == 0, stack.said()
    gone(pids)
    stopped = [" ".join(line[1:-1]) for line in stack.journal() if line[0] == "stop"]
    assert stopped == ["front", "web", "beat", "the worker"]
    assert not note_path(stack.data_dir).exists()
    assert "by force" not in stack.said()


def test_ctrl_c_in_a_terminal_reaches_the_supervisor_alone(start: Callable[..., Stack]) -> None:
    stack = start().running()
    os.killpg(stack.process.pid, signal.SIGINT)
    assert stack.process.wait(60) == 0
    assert not [line for line in stack.journal() if line[0] == "interrupted"]


def test_nothing_is_left_when_the_supervisor_is_killed(start: Callable[..., Stack]) -> None:
    stack = start(servers=True).running()
    pids = stack.pids()
    stack.process.kill()
    stack.process.wait()
    own = {int(line[-1]) for line in stack.journal() if line[0] == "grandchild"}
    gone(pids - own)


def test_the_next_run_goes_on_after_a_kill(start: Callable[..., Stack]) -> None:
    first = start(servers=True).running()
    found = find_running(first.data_dir)
    assert found is not None
    first.process.kill()
    first.process.wait()
    assert find_running(first.data_dir) is None
    second = start(servers=True).running()
    again = find_running(second.data_dir)
    assert again is not None
    assert again.database_url == found.database_url
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(60) == 0, second.said()


def test_a_running_stack_is_found_and_its_note_is_private(start: Callable[..., Stack]) -> None:
    stack = start().running()
    found = find_running(stack.data_dir)
    assert found is not None
    assert found.supervisor_pid == stack.process.pid
    assert found.environment == {"LINGBAO_X": "1"}
    assert set(found.pids) == {"front", "web", "beat", "the worker"}
    assert note_path(stack.data_dir).stat().st_mode & 0o777 == 0o600


def test_a_note_of_another_process_or_release_is_not_believed(tmp_path: Path) -> None:
    assert find_running(tmp_path) is None
    note = note_path(tmp_path)
    note.parent.mkdir()
    for text in ("", "[]", '{"unknown": 1}'):
        note.write_text(text)
        assert find_running(tmp_path) is None


def test_a_second_one_on_the_same_folder_is_told_so(start: Callable[..., Stack]) -> None:
    first = start().running()
    second = start()
    assert second.process.wait(60) == 1
    (line,) = [text for text in second.said().splitlines() if text]
    assert line.startswith("SENTENCE Lingbao already runs from")
    assert str(first.process.pid) in line
    assert first.process.poll() is None
    assert find_running(first.data_dir) is not None


def test_a_crashed_part_is_started_again(start: Callable[..., Stack]) -> None:
    stack = start().running()
    (before,) = [int(line[-1]) for line in stack.journal() if line[:2] == ["start", "web"]]
    os.kill(before, signal.SIGKILL)
    until(lambda: "web is back." in stack.said())
    assert "web stopped unexpectedly (signal SIGKILL); starting it again" in stack.said()
    found = find_running(stack.data_dir)
    assert found is not None
    until(lambda: find_running(stack.data_dir).pids["web"] != before)  # type: ignore[union-attr]
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(60) == 0
    gone(stack.pids())


def test_a_crashed_database_comes_back_at_its_address(start: Callable[..., Stack]) -> None:
    stack = start(servers=True).running()
    found = find_running(stack.data_dir)
    assert found is not None
    os.kill(found.pids["postgres"], signal.SIGKILL)
    os.kill(found.pids["valkey"], signal.SIGKILL)
    until(lambda: "postgres is back." in stack.said())
    until(lambda: "valkey is back." in stack.said())


def test_a_part_that_cannot_start_ends_the_start_with_its_words(
    start: Callable[..., Stack],
) -> None:
    stack = start('stack.start([part("web", Kind.WEB), part("beat", Kind.BEAT, "fail")])')
    assert stack.process.wait(60) == 1
    said = " ".join(stack.said().split())
    assert "beat ended while starting (exit status 1): “ERROR this part cannot work”" in said
    gone(stack.pids())


def test_a_part_that_does_not_answer_in_time(start: Callable[..., Stack]) -> None:
    stack = start(
        'stack.start([Process(name="web", argv=["sleep", "60"], ready="http://127.0.0.1:9/readyz", '
        "ready_within=0.5)])"
    )
    assert stack.process.wait(60) == 1
    assert "web did not answer within 0.5 seconds" in " ".join(stack.said().split())
    gone(stack.pids())


def test_a_program_that_is_missing_is_named(start: Callable[..., Stack]) -> None:
    stack = start(
        'stack.start([Process(name="web", argv=["/nowhere/at-all"], ready=lambda: False)])'
    )
    assert stack.process.wait(60) == 1
    assert "cannot run /nowhere/at-all" in " ".join(stack.said().split())


def test_a_part_that_will_not_stop_is_ended_by_force(start: Callable[..., Stack]) -> None:
    stack = start('stack.start([part("web", Kind.WEB, "stubborn", stop_within=0.5)])').running()
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(60) == 0
    assert "web did not end in time; ended by force." in stack.said()
    gone(stack.pids())


def test_a_second_signal_hurries(start: Callable[..., Stack]) -> None:
    stack = start('stack.start([part("web", Kind.WEB, "stubborn", stop_within=60)])').running()
    stack.process.send_signal(signal.SIGINT)
    until(lambda: any(line[0] == "stop" for line in stack.journal()))
    assert stack.process.poll() is None
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(60) == 0
    gone(stack.pids())


def test_a_signal_while_starting_leaves_nothing(start: Callable[..., Stack]) -> None:
    stack = start('stack.start([Process(name="web", argv=["sleep", "60"], ready=lambda: False)])')
    until((stack.data_dir / "run" / "pids.json").exists)
    pids = stack.pids()
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(60) == 0
    gone(pids)


def test_errors_are_shown_and_everything_is_in_the_log(start: Callable[..., Stack]) -> None:
    stack = start().running()
    until(lambda: "web │ something is wrong" in stack.said())
    until(lambda: "something is wrong" in (stack.data_dir / "logs" / "web.log").read_text())
    assert (stack.data_dir / "logs" / "the-worker.log").exists()


def test_the_log_of_the_run_before_is_kept(start: Callable[..., Stack]) -> None:
    for _ in range(2):
        stack = start().running()
        stack.process.send_signal(signal.SIGTERM)
        stack.process.wait(60)
    assert (stack.data_dir / "logs" / "web.log.1").exists()


def test_no_port_is_held_after_the_end(start: Callable[..., Stack]) -> None:
    port = free_port()
    stack = start(
        "stack.start([Process(name='web', argv=[sys.executable, '-m', 'http.server', "
        f"'--bind', '127.0.0.1', '{port}'], ready='http://127.0.0.1:{port}/')])"
    ).running()
    assert answers(port)
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(60) == 0
    assert not answers(port)
