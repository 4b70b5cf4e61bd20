"""Projects of ours whose lines say what is to be found in them.

`# found: rule-id, rule-id` at the end of a line labels it. All rules run over each project: what
is found on a line that does not say so is false. Labels are taken out before anything is analysed,
so that no rule can read them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.detection.scores import Score, findings
from bot.elixir.rules import all_rules

PROJECTS = Path(__file__).parent / "projects"
_LABEL = re.compile(r"[ \t]*# found: (?P<rules>[a-z, -]+)$", re.MULTILINE)

Place = tuple[str, int, str]
"""(path, line, rule)"""


def projects() -> dict[str, dict[str, str]]:
    """Labelled files by path, by project."""
    return {
        folder.name: {
            path.relative_to(folder).as_posix(): path.read_text("utf-8")
            for path in sorted(folder.rglob("*.ex*"))
        }
        for folder in sorted(PROJECTS.iterdir())
    }


def labels(files: Mapping[str, str]) -> Counter[Place]:
    """What the files say is to be found."""
    return Counter(
        (path, text.count("\n", 0, match.start()) + 1, rule)
        for path, text in files.items()
        for match in _LABEL.finditer(text)
        for rule in re.split(r",\s*", match["rules"].strip())
    )


def unlabelled(files: Mapping[str, str]) -> dict[str, str]:
    """The files as the rules see them."""
    return {path: _LABEL.sub("", text) for path, text in files.items()}


def of_projects() -> tuple[dict[str, Score], list[str]]:
    """Each rule's score over all projects, and a line for each surprise."""
    found: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    false: Counter[str] = Counter()
    surprises: list[str] = []
    for name, files in projects().items():
        wanted = labels(files)
        met = Counter((f.path, f.line, f.rule) for f in findings(unlabelled(files)))
        for counted, places in (
            (found, wanted & met),
            (missed, wanted - met),
            (false, met - wanted),
        ):
            for _, _, rule in places.elements():
                counted[rule] += 1
        surprises += [f"missed: {_place(name, p)}" for p in sorted((wanted - met).elements())]
        surprises += [f"false: {_place(name, p)}" for p in sorted((met - wanted).elements())]
    scores = {r.id: Score(found[r.id], missed[r.id], false[r.id]) for r in all_rules()}
    return scores, surprises


def _place(project: str, place: Place) -> str:
    path, line, rule = place
    return f"{rule} at {project}/{path}:{line}"
