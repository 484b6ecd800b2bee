"""curate review: decide on the pairs, on a page of this machine's own."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from curate.cli import console, options
from curate.errors import BadSetting, NothingYet


def review(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of 127.0.0.1.", show_default="a free one")
    ] = 0,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A threshold; may be repeated."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the decisions as JSON lines.")
    ] = None,
    import_: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", help="Take over decisions from such a file."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write one page to look at, images and all."),
    ] = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Decide on the pairs on a local page: keep, reject or repair, saved as you press."""
    import curate.pairs.review.run as run
    from curate.ledger import Ledger, exists

    if sum(file is not None for file in (export, import_, html)) > 1:
        raise BadSetting(
            "--export, --import and --html exclude each other.", remedy="Run it once for each."
        )
    if not exists(context.obj):
        raise NothingYet("checked pairs", context.obj, "curate pair-check")
    with Ledger(context.obj) as ledger:
        if export:
            count = run.export(ledger, export, dry_run=dry_run)
            _result({"exported": count}, f"{_decisions(count)} written to {export}.", as_json)
        elif import_:
            _imported(run.read(ledger, import_, dry_run=dry_run), as_json)
        elif html:
            count = run.html(ledger, html, dry_run=dry_run)
            _result({"page": html, "pairs": count}, f"{count} pairs on {html}.", as_json)
        else:

            def ready(url: str) -> None:
                _result({"url": url}, f"Review: {url}", as_json)
                if not quiet:
                    console.note("Every decision is saved at once. Ctrl-C ends.")
                if open_page and _has_screen():
                    webbrowser.open(url)

            done = run.review(
                ledger, port=port, settings=setting or (), ready=ready, dry_run=dry_run
            )
            _done(done, as_json, dry_run)


def _imported(found: object, as_json: bool) -> None:
    from curate.pairs.review.run import Imported

    assert isinstance(found, Imported)
    words = f"{_decisions(found.taken)} taken"
    if found.older:
        words += f", {found.older} are here already or decided later here"
    if found.unknown:
        words += f", {found.unknown} on pairs that are not here"
    _result(found, words + ".", as_json)


def _decisions(count: int) -> str:
    return "1 decision" if count == 1 else f"{count} decisions"


def _done(done: object, as_json: bool, dry_run: bool) -> None:
    from curate.pairs.review.run import Reviewed

    assert isinstance(done, Reviewed)
    decided = f"{done.keep} kept, {done.reject} rejected, {done.repair} to repair"
    if dry_run:
        _result(done, f"Would show {done.pairs} pairs: {decided} so far.", as_json)
    elif not as_json:
        console.show(f"{decided}, of {done.pairs} pairs.")
        if done.keep:
            console.show("curate dataset", lead="Next:")


def _result(value: object, words: str, as_json: bool) -> None:
    if as_json:
        console.show_json(value)
    else:
        console.show(words)


def _has_screen() -> bool:
    """Whether a browser would open as a window: without one it would take over the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
