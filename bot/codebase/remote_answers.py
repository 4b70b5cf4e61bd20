"""What git says of a server that did not do as asked, as one of our errors."""

from __future__ import annotations

import re

from bot.codebase.process import Completed
from bot.errors import CommandFailed, NotThere, OtpError, PushRefused, Unauthorised, Unreachable

STALE = re.compile(
    r"\((?:stale info|fetch first|non-fast-forward|needs force|already exists"
    r"|remote ref updated since checkout"
    r"|cannot lock ref[^\n]*|failed to update ref|failed to lock|incorrect old value provided"
    r"|reference already exists|failed to update refs?[^\n]*)\)",
    re.IGNORECASE,
)
"""The ref is not where it was expected to be, found out by git here or there."""

PROTECTED = re.compile(r"GH006|GH013|protected branch|rule violations", re.IGNORECASE)

REJECTED = re.compile(r"^!\t[^\t]*\t\[(?:remote )?(?:rejected|failure)\][^\n]*", re.MULTILINE)
"""A line of `push --porcelain` for a ref that was not moved."""

SAID = re.compile(r"^remote: ?(?P<text>.*\S)\s*$", re.MULTILINE)

STATUS = re.compile(r"returned error: (?P<status>[0-9]{3})\b")
UNAUTHORISED = re.compile(r"could not read (?:Username|Password)|Authentication failed|HTTP 401")
ABSENT = re.compile(
    r"repository '[^']*' not found|Repository not found|couldn't find remote ref"
    r"|not our ref|no such remote ref|is not a valid repository|unadvertised object"
)
NETWORK = re.compile(
    r"Could not resolve|Couldn't resolve|Failed to connect|Couldn't connect|Connection refused"
    r"|Connection reset|Connection timed out|Operation timed out|Operation too slow|Empty reply"
    r"|Recv failure|Send failure|RPC failed|hung up unexpectedly|early EOF|SSL|TLS|gnutls"
    r"|unexpected disconnect|transfer closed|invalid index-pack output|unable to access"
    r"|bad line length|expected flush|bad pack header|Timeout was reached",
    re.IGNORECASE,
)


def refused(said: str) -> PushRefused | None:
    """The refusal of a push; None when it failed otherwise."""
    lines = [m[0].split("\t", 2)[2] for m in REJECTED.finditer(said)]
    if not lines:
        return None
    summary = "; ".join(lines)[:500]
    told = " ".join(m["text"] for m in SAID.finditer(said))[:500]
    if PROTECTED.search(said):
        return PushRefused(
            f"a rule of the branch forbids the push: {told or summary}", why="protected"
        )
    if STALE.search(summary):
        return PushRefused(f"the ref is not where it was expected: {summary}", why="stale")
    return PushRefused(f"the server refused the push: {summary} {told}".strip(), why="rejected")


def failed(operation: str, done: Completed, said: str) -> OtpError:
    """Why there is no answer."""
    what = f"git {operation}: {_last(said)}"
    status = STATUS.search(said)
    code = int(status["status"]) if status else 0
    if code in (401, 403) or UNAUTHORISED.search(said):
        return Unauthorised(what, hint="the token is not valid here, or has not the right to it")
    if code in (404, 410) or ABSENT.search(said):
        return NotThere(what, hint="it does not exist, or the token may not see it")
    if done.timed_out or code == 429 or code >= 500 or NETWORK.search(said):
        late = f" (no end after {done.seconds:.0f} s)" if done.timed_out else ""
        return Unreachable(what + late, retry_after=60.0 if code == 429 else 5.0)
    return CommandFailed(("git", operation), done.returncode, said[-4000:])


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (fatal or lines or ["no output"])[0][:400]
