"""The labels that a repository begins with."""

from __future__ import annotations

from bot.simulator.records.repositories import Label, Repository
from bot.simulator.world import World

LABELS = {
    "bug": ("d73a4a", "Something isn't working"),
    "documentation": ("0075ca", "Improvements or additions to documentation"),
    "duplicate": ("cfd3d7", "This issue or pull request already exists"),
    "enhancement": ("a2eeef", "New feature or request"),
    "good first issue": ("7057ff", "Good for newcomers"),
    "help wanted": ("008672", "Extra attention is needed"),
    "invalid": ("e4e669", "This doesn't seem right"),
    "question": ("d876e3", "Further information is requested"),
    "wontfix": ("ffffff", "This will not be worked on"),
}
"""Name to color and description, as GitHub gives them to every new repository."""


def add_first_labels(world: World, repository: Repository) -> None:
    for name, (color, description) in LABELS.items():
        world.tables.labels.add(
            Label(
                id=world.tables.next_id(),
                repository_id=repository.id,
                name=name,
                color=color,
                description=description,
                default=True,
            )
        )
