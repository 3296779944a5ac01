"""`vietnhat demo`: the first thing a newcomer runs."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli.context import local, say, settings_of


@click.command()
@click.option("--into", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.pass_context
def demo(ctx: click.Context, into: Path) -> None:
    """Poll sample feeds of three days, judge them and write digests in three languages. Offline; ends by itself."""
    from monitor.cli.progress import working
    from monitor.demo import Morning, play
    from monitor.serving import serving_model

    settings = settings_of(ctx)
    with working("fitting the first model (once)"):
        serving_model(settings)

    def tell(morning: Morning) -> None:
        say(
            f"{local(morning.at)}: {morning.feeds} feeds, {morning.new} new entries, {morning.judged} judged, "
            f"{morning.letters} digests"
        )

    pages = play(into, settings, tell)
    say("")
    say("The digests, to open in a browser:")
    for page in pages:
        click.echo(str(page))
    say(f"The same as letters (.eml): {into / 'outbox'}")
    say(f"Why an article was chosen: vietnhat --db {into / 'demo.db'} articles list --decision send")
