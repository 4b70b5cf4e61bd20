"""`make story`: a plan from the label to the last merge, on a local GitHub, with real mix."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from examples.story.cast import Failed, add_contract, onboarded, playing
from examples.story.plot import play


def main() -> int:
    """0 when everything went as told."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="genesis-story.") as name:
        courier = onboarded("courier", Path(name))
        add_contract(courier)
        with playing(Path(name), courier) as cast:
            cast.begin_serving()
            cast.tell(f"A local GitHub at {cast.said['url']}; genesis serves at port {cast.port}")
            try:
                play(cast)
            except Failed as error:
                cast.tell(f"FAILED: {error}\n\n{cast.log()[-4000:]}")
                return 1
            cast.tell(f"told in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
