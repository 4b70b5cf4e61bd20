"""The simulator's process, which `genesis simulate` starts with its options as JSON."""

from __future__ import annotations

import gc
import logging
import sys

from pydantic import ValidationError

from bot.simulator.options import Options

USAGE = 2
UNUSABLE = 3


def main(arguments: list[str]) -> int:
    try:
        options = Options.model_validate_json(arguments[0] if arguments else "")
    except ValidationError as error:
        sys.stderr.write(f"genesis simulate: its options were refused: {_said(error)}\n")
        return USAGE
    # What it says of itself on stdout is for programs; what went wrong is for people.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # Next to nothing of what is made up to the first call is garbage; looking for it takes a
    # sixth of the start. `serve` turns it on again.
    gc.disable()
    from bot.simulator.git import UnusableSource
    from bot.simulator.serve import PortTaken, serve
    from bot.simulator.state.journal import StateUnusable

    try:
        serve(options)
    except (PortTaken, StateUnusable, UnusableSource) as error:
        sys.stderr.write(f"genesis simulate: {error}\n")
        return UNUSABLE
    return 0


def _said(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in found['loc']) or 'all'}: {found['msg']}, not"
        f" {str(found['input'])[:80]!r}"
        for found in error.errors()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
