"""The command line: ``lingbao --help``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console

from services import house
from services.chassis.crypto import SealError
from services.chassis.settings import SettingsError, settings
from services.chassis.stack.errors import StackError
from services.chassis.stack.info import find_running

app = typer.Typer(
    help="Lingbao (领保): consular-protection outreach for a city office.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
staff_app = typer.Typer(help="People who work here.", no_args_is_help=True)
key_app = typer.Typer(help="Keys for programs.", no_args_is_help=True)
app.add_typer(staff_app, name="staff")
app.add_typer(key_app, name="apikey")

say = Console(stderr=True)
P = ParamSpec("P")
R = TypeVar("R")

Service = Annotated[str, typer.Argument(help="One of: " + ", ".join(house.SERVICES))]
Role = Annotated[str, typer.Option(help="city-admin, city-editor, district-admin, …")]
District = Annotated[str | None, typer.Option(help="GB/T 2260 code, for district roles.")]


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Turn an error meant for the operator into its sentence and exit status 2."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        from services.chassis.problems import Problem

        try:
            return command(*args, **kwargs)
        except (SettingsError, StackError, SealError) as error:
            _complain(str(error))
        except Problem as problem:
            from services.chassis.i18n import speaking

            with speaking("en"):
                lines = [f"{problem.title} {problem.detail}".strip()]
                lines += [f"{error.field}: {error.message}" for error in problem.errors]
            _complain("\n".join(lines))
        raise typer.Exit(2)

    return wrapper


def _complain(text: str) -> None:
    # Whatever was typed stands in it, so nothing of it is taken for markup.
    say.print(text, style="red", highlight=False, markup=False, soft_wrap=True)


def _find_stack() -> None:
    """Use the stack that `lingbao up` started from this data folder, where nothing else is set."""
    running = find_running(settings().data_dir)
    if running is None:
        return
    found = {
        "LINGBAO_DATABASE_URL": running.database_url,
        "LINGBAO_REDIS_URL": running.redis_url,
        "LINGBAO_SMTP_URL": running.smtp_url,
        "LINGBAO_BASE_URL": running.base_url,
        **running.environment,
    }
    for name, value in found.items():
        os.environ.setdefault(name, value)
    settings.cache_clear()


def _known(service: str) -> str:
    if service not in house.SERVICES:
        raise SettingsError(
            f"There is no service {service!r}; there are {', '.join(house.SERVICES)}."
        )
    return service


@app.command()
@told
def up() -> None:
    """Start everything, with sample data the first time; Ctrl-C stops it."""
    from services.start import up as start

    start()


@app.command()
@told
def migrate(
    service: Annotated[str | None, typer.Argument(help="All when left out.")] = None,
) -> None:
    """Create the databases where that is allowed, and bring their tables up to date."""
    from services.chassis.migrate import migrate as bring_up_to_date

    _find_stack()
    for name in [_known(service)] if service else house.SERVICES:
        bring_up_to_date(house.database(name), house.migrations(name))
        say.print(f"{name}: up to date")


@app.command()
@told
def seed() -> None:
    """Load the sample data into what is still empty."""
    from services.sample import load

    _find_stack()
    for line in load():
        say.print(line)


@app.command()
@told
def web(
    service: Service,
    port: Annotated[int, typer.Option(help="Where to answer.")] = 8000,
    host: Annotated[str, typer.Option(help="On which interface.")] = "127.0.0.1",
) -> None:
    """Run one service's web process."""
    from services.chassis.serve import serve
    from services.chassis.telemetry import set_up_logging

    _known(service)
    _find_stack()
    set_up_logging(f"web-{service}")
    serve(house.app(service), host=host, port=port)


@app.command()
@told
def worker(
    service: Service,
    lane: Annotated[str | None, typer.Option(help="A queue of its own: urgent, bulk.")] = None,
    concurrency: Annotated[int, typer.Option(help="Tasks at once.")] = 4,
) -> None:
    """Run one service's worker (and, without a lane, its relay)."""
    lanes = house.LANES.get(_known(service), ())
    if lane is not None and lane not in lanes:
        raise SettingsError(
            f"{service} has no lane {lane!r}; it has: {', '.join(lanes) or 'none'}."
        )
    _find_stack()
    house.worker(service).run(lane, concurrency)


@app.command()
@told
def beat() -> None:
    """Run the clock that starts timed tasks; one for all services, and only one."""
    from services.chassis.worker import run_beat

    _find_stack()
    run_beat(house.ticks())


@app.command()
@told
def devmail(
    smtp_port: Annotated[int, typer.Option(help="Where mail is taken.")] = 1025,
    http_port: Annotated[int, typer.Option(help="Where the inbox page is.")] = 8025,
    host: Annotated[str, typer.Option(help="On which interface.")] = "127.0.0.1",
) -> None:
    """Run the development mail and SMS inbox (never in production)."""
    from services.chassis.devmail.run import run

    token = settings().sms_token
    if not token:
        raise SettingsError("LINGBAO_SMS_TOKEN: the inbox needs the token that senders will show.")
    run(smtp_port, http_port, settings().data_dir / "inbox", token, host)


@app.command()
@told
def returns(
    port: Annotated[int, typer.Option(help="Where mail is taken.")] = 2424,
    host: Annotated[str, typer.Option(help="On which interface.")] = "127.0.0.1",
    smtp: Annotated[bool, typer.Option("--smtp", help="Speak SMTP instead of LMTP.")] = False,
) -> None:
    """Run the server that takes mail which comes back (see docs/webhooks.md)."""
    from services.chassis.telemetry import set_up_logging
    from services.notifications.returns.receiver import run

    _find_stack()
    set_up_logging("returns")
    run("smtp" if smtp else "lmtp", host, port)


@staff_app.command("add")
@told
def staff_add(
    email: Annotated[str, typer.Argument(help="The address to sign in with.")],
    role: Role,
    district: District = None,
    name: Annotated[str | None, typer.Option(help="As colleagues read it.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Add a member of staff."""
    from services.identity.staff.service import add_staff

    _find_stack()
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    add_staff(
        email=email,
        name=name or email.partition("@")[0],
        role=role,
        district=district,
        password=password,
    )
    say.print(f"{email} can sign in as {role}.", markup=False)


@key_app.command("create")
@told
def apikey_create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    role: Role,
    district: District = None,
) -> None:
    """Make an API key and print it, alone, on standard output. It is not shown again."""
    from services.identity.apikeys.service import create_key

    _find_stack()
    typer.echo(create_key(name=name, role=role, district=district))


@app.command()
@told
def doctor() -> None:
    """Look at every part and say what is well and what is not."""
    from services.doctor import examine

    _find_stack()
    if not examine(say):
        raise typer.Exit(1)


@app.command("settings")
def settings_page() -> None:
    """Print the page of all settings (docs/settings.md), made from their descriptions."""
    from services.documents import settings_markdown

    typer.echo(settings_markdown(), nl=False)


@app.command()
@told
def rekey() -> None:
    """Rewrite all encrypted data under the newest of LINGBAO_SECRET_KEYS."""
    from services.rekey import rekey as rewrite

    _find_stack()
    for line in rewrite():
        say.print(line)
