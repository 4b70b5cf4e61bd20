"""What MkDocs calls while it builds the site: pages are made, links put right."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from scripts.docs.links import DOCS, ROOT, moved, outside, shown, site_path, unescaped
from scripts.docs.pages import MADE
from scripts.docs.rules import LIST, by_stage

DIAGRAMS = {"mermaid.min.js": "dist/mermaid.min.js", "mermaid-LICENSE": "LICENSE"}
"""From its name on the site to a file that scripts/docs.sh has fetched."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Puts the pages of rules below the one that lists them."""
    for section in config.nav or []:
        for pages in section.values():
            if pages == [LIST]:
                pages += by_stage()
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made, and what they lead to outside `docs/`."""
    written = {DOCS / file.src_uri: file.content_string for file in files.documentation_pages()}
    made = {DOCS / place: make() for place, make in MADE.items()}
    for page, text in made.items():
        files.append(File.generated(config, site_path(page), content=text))
    for place, path in outside(iter((written | made).items())).items():
        content = shown(path) or path.read_bytes()
        files.append(File.generated(config, place, content=content))
    for name, fetched in DIAGRAMS.items():
        source = str(ROOT / ".docs" / fetched)
        files.append(File.generated(config, f"assets/{name}", abs_src_path=source))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turns links of a page of `docs/` into those of the site."""
    place = page.file.src_uri
    # What comes from outside `docs/` was turned when it was read.
    if not place.startswith("repository/"):
        markdown = moved(markdown, DOCS / place, place)
    return unescaped(markdown)
