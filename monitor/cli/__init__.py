"""The command line: words for people. Each command's module is imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

import click

from monitor import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("running", "Watch the feeds and mail the digests until stopped."),
    "poll": ("running", "Poll the feeds once."),
    "serve": ("running", "Serve the pages for readers."),
    "digest": ("mailing", "Preview digests, or make those that are due."),
    "deliver": ("mailing", "Send what waits in the outbox; try the way out."),
    "mail": ("receiving", "Take letters that come in: bounces, answers that unsubscribe."),
    "demo": ("demo", "Show the whole line on sample feeds, offline."),
    "feeds": ("feeds", "List, check, add or remove feeds."),
    "articles": ("articles", "List, show, search or export articles."),
    "subscribers": ("readers", "Add, list, pause, remove or erase readers."),
    "classify": ("judging", "Give verdicts on JSON Lines from standard input."),
    "explain": ("judging", "Say exactly why an article scored as it did."),
    "label": ("labelling", "Correct verdicts; label what teaches most."),
    "retrain": ("training", "Learn from corrections; serve if the gate is passed."),
    "model": ("models", "List, evaluate, compare, promote or roll back models."),
    "taxonomy": ("taxonomy", "Show or check sectors and commitments; take a new statement in."),
    "keys": ("keys", "Show or renew the keys that sign links in letters."),
    "config": ("config", "Show the settings in force."),
    "backup": ("keeping", "Copy the database, verified; works while the daemon runs."),
    "restore": ("keeping", "Put a copy in the place of the database."),
    "doctor": ("keeping", "Look at everything; say what is wrong and what to do."),
    "status": ("config", "Say how feeds, articles, model and mail are doing."),
}
"""Every command, where it lives and what it is for: `--help` needs no more than this table."""


class LazyGroup(click.Group):
    """A group whose commands are imported when called, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table, which is the order of work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"monitor.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--db", type=click.Path(), metavar="FILE", help="The database (VIETNHAT_DB; var/vietnhat.db).")
@click.option(
    "--feeds", type=click.Path(), metavar="FILE", help="The list of feeds (VIETNHAT_FEEDS; feeds.yaml)."
)
@click.version_option(__version__, prog_name="vietnhat")
@click.pass_context
def cli(ctx: click.Context, db: str | None, feeds: str | None) -> None:
    """Việt–Nhật Monitor watches Vietnamese news feeds and mails what matters between Việt Nam and Japan."""
    ctx.obj = {"db": db, "feeds": feeds}


def main() -> NoReturn:
    """The program: exit code 0, 1 when something failed, 2 when misused. No traceback reaches a person."""
    os.umask(0o077)  # what we make holds readers or secrets, or lies beside files that do
    # Our children start with `python -c`, which would import from the working folder before anything else.
    os.environ["PYTHONSAFEPATH"] = "1"
    sys.excepthook = _bug
    threading.excepthook = lambda met: _bug(met.exc_type, met.exc_value, met.exc_traceback)
    sys.exit(guarded(lambda: cli.main(standalone_mode=False)))


def guarded(action: Callable[[], Any]) -> int:
    """Run `action`; say what went wrong in one line."""
    from classifiers.errors import VietnhatError

    try:
        result = action()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        print("stopped", file=sys.stderr)  # noqa: T201
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except VietnhatError as error:
        return _complaint(str(error), error.exit_code)
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 0
    except OSError as error:  # a path that was given or set cannot be used; modules name what they can
        where = f"{error.filename}: " if error.filename else ""
        return _complaint(f"{where}{error.strerror or error}; check path and permissions", 1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)  # noqa: T201
        return 130
    return result if isinstance(result, int) else 0


def _complaint(text: str, exit_code: int) -> int:
    """One line, whatever it quotes."""
    from monitor.masking import on_one_line, said

    print(on_one_line(said(f"vietnhat: {text}")), file=sys.stderr)  # noqa: T201
    return exit_code


def _bug(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """A bug is shown whole, for whoever mends it, but for what nobody may read."""
    import traceback

    from monitor.masking import logged

    print(logged("".join(traceback.format_exception(kind, error, trace))), end="", file=sys.stderr)  # noqa: T201
