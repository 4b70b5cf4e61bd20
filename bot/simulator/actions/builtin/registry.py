"""Which actions have a stand-in, by `owner/repo[/path]` in lower case; the ref does not matter."""

from __future__ import annotations

from collections.abc import Mapping

from bot.simulator.actions.builtin import (
    attest,
    cache,
    checkout,
    download_artifact,
    setup_beam,
    upload_artifact,
)
from bot.simulator.actions.builtin.builtin import Builtin

BUILTINS: Mapping[str, Builtin] = {
    "actions/attest": attest.ATTEST,
    "actions/attest-build-provenance": attest.PROVENANCE,
    "actions/cache": cache.CACHE,
    "actions/cache/restore": cache.RESTORE,
    "actions/cache/save": cache.SAVE,
    "actions/checkout": checkout.CHECKOUT,
    "actions/download-artifact": download_artifact.DOWNLOAD,
    "actions/upload-artifact": upload_artifact.UPLOAD,
    "erlef/setup-beam": setup_beam.SETUP,
}
