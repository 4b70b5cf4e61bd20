"""`genesis outline`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen, write_file


def outline(
    path: Annotated[Path, typer.Argument(help="Directory (or file) to outline.")] = Path(),
    max_tokens: Annotated[
        int | None,
        typer.Option("--max-tokens", min=100, help="About how long; less important things go."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to a file instead.")
    ] = None,
    json_: JsonFlag = False,
) -> None:
    """Print a code base without its bodies: supervision trees, signatures, behaviours, messages.

    This is what models are shown of it before they ask for files.
    """
    from bot.core.tokens import estimate
    from bot.elixir.skeleton import skeleton
    from bot.flows.trees import checkout_tree
    from bot.settings import load_settings

    screen.machine = json_
    text = skeleton(checkout_tree(path, load_settings()), max_tokens=max_tokens)
    screen.data({"tokens": estimate(text), "outline": text})
    if json_:
        return
    if output is not None:
        write_file(output, text)
    else:
        screen.write(screen.quote(text))
    screen.note(f"about {estimate(text):,} tokens")
