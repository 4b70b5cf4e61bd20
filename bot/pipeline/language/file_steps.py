"""The file_ops step, as written in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from bot.core.model import Record
from bot.pipeline.language.output_field import NamedResultStep
from bot.pipeline.language.step_base import StepBase

Conversion = Literal[
    "csv_to_json", "json_to_csv", "yaml_to_json", "json_to_yaml", "xml_to_json", "json_to_xml"
]
Processor = Literal["identity", "uppercase", "lowercase", "trim", "replace"]


class FileEntry(Record):
    """One file, or those that match a glob; `validate` also says what must be true of them."""

    refused: ClassVar[Mapping[str, str]] = {
        "older_than": "a checkout does not know how old a file is",
        "must_be_readable": "whatever exists in the code base can be read",
        "must_be_writable": "whatever exists in the code base can be written",
    }

    path: str = ""
    pattern: str = ""
    """Instead of a path: every file that matches, at least one."""
    exclude: tuple[str, ...] = ()
    """Globs of what is left out."""
    must_exist: bool = True
    """False forbids that there is anything."""
    must_be_file: bool = False
    must_be_dir: bool = False
    min_size: int | None = Field(default=None, ge=0)
    """Bytes."""
    max_size: int | None = Field(default=None, ge=0)
    must_contain: tuple[str, ...] = ()
    """Paths inside a directory."""
    validate_json: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> FileEntry:
        if bool(self.path) == bool(self.pattern):
            raise ValueError("an entry takes exactly one of 'path' and 'pattern'")
        return self

    @property
    def checks(self) -> bool:
        """Whether it says what must be true."""
        return bool(self.model_fields_set - {"path", "pattern", "exclude"})


def _shape(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "list"
    return "map" if isinstance(value, dict | FileEntry) else "text"


_Text = Annotated[str, Tag("text")]
_Entry = Annotated[FileEntry, Tag("map")]
_Each = Annotated[_Text | _Entry, Discriminator(_shape)]
Files = Annotated[_Text | _Entry | Annotated[tuple[_Each, ...], Tag("list")], Discriminator(_shape)]
"""A path, a glob, an entry, or a list of these; a text may be an expression that gives a list."""


class FileOptions(Record):
    """Details of an operation; `recursive` and `pattern` may also stand beside it."""

    refused: ClassVar[Mapping[str, str]] = {
        "preserve_timestamps": "git keeps no times of files",
        "create_destination": "folders are made as needed",
        "dry_run": "run the pipeline with --dry-run",
    }

    recursive: bool = False
    """Directories with everything in them."""
    overwrite: bool = False
    """Replace files that are there."""
    preserve_structure: bool = False
    """Keep the folders below the fixed part of a glob."""
    pattern: str = ""
    include_hidden: bool = True
    sort_by: Literal["name", "size"] = "name"
    limit: int | None = Field(default=None, ge=1)
    csv_delimiter: str = Field(default=",", pattern=r"^[^\"\r\n]$", max_length=1)
    csv_headers: bool = True
    """The first row holds the names of the fields."""
    json_indent: int = Field(default=2, ge=0, le=8)


TAKES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "copy": (("source", "destination"), ("recursive", "options")),
    "stream_copy": (("source", "destination"), ("recursive", "options")),
    "move": (("source", "destination"), ("recursive", "options")),
    "delete": ((), ("path", "files", "recursive", "options")),
    "validate": (("files",), ()),
    "list": ((), ("path", "pattern", "recursive", "options")),
    "convert": (("source", "destination", "format"), ("options",)),
    "stream_process": (("source",), ("processor", "pattern", "replacement")),
    "read": (("path",), ()),
    "write": (("path", "content"), ()),
    "append": (("path", "content"), ()),
}
"""The keys each operation needs, and those it may have."""


class FileOpsStep(NamedResultStep):
    """Move files about, inside the code base only; all of an operation is done or nothing.

    `output_field` sets a variable to the paths, to the content for `read`, to the results for
    `validate`.
    """

    templated: ClassVar[tuple[str, ...]] = (
        "source", "destination", "path", "files", "pattern", "content", "replacement",
    )  # fmt: skip
    refused: ClassVar[Mapping[str, str]] = {
        **StepBase.refused,
        "duration_seconds": "nothing waits here; use 'retry' with 'delay_seconds'",
        "workspace_dir": "files are always those of the code base",
    }

    type: Literal["file_ops"]
    operation: Literal[
        "copy", "move", "delete", "validate", "list", "convert", "stream_copy", "stream_process",
        "read", "write", "append",
    ]  # fmt: skip
    source: Files = ()
    destination: str = ""
    """A file, or a folder when it ends with `/` or several files go there."""
    path: str = ""
    files: Files = ()
    pattern: str = ""
    """A glob; for `stream_process` the text to replace."""
    recursive: bool = False
    format: Conversion | None = None
    content: str | None = None
    processor: Processor = "identity"
    """What `stream_process` does to each line of a file."""
    replacement: str = ""
    options: FileOptions = Field(default_factory=FileOptions)

    @model_validator(mode="after")
    def _fits(self) -> FileOpsStep:
        needed, allowed = TAKES[self.operation]
        own = self.model_fields_set - set(StepBase.model_fields) - _ALWAYS
        for key in needed:
            if key not in own:
                raise ValueError(f"operation {self.operation!r} needs {key!r}")
        for key in sorted(own - {*needed, *allowed}):
            takes = ", ".join((*needed, *allowed))
            raise ValueError(f"operation {self.operation!r} takes {takes}; not {key!r}")
        self._fits_further()
        return self

    def _fits_further(self) -> None:
        if self.operation == "delete" and bool(self.path) == bool(self.files):
            raise ValueError("operation 'delete' takes exactly one of 'path' and 'files'")
        if (self.processor == "replace") != bool(self.pattern) and self.operation != "list":
            raise ValueError("'pattern' belongs to, and only to, processor 'replace'")
        named = (*entries(self.source), *entries(self.files))
        if self.operation != "validate" and any(entry.checks for entry in named):
            raise ValueError(f"operation {self.operation!r} takes paths and patterns, no checks")

    @property
    def deep(self) -> bool:
        """Whether directories are meant with everything in them."""
        return self.recursive or self.options.recursive


_ALWAYS = {"type", "operation", "output_field"}


def entries(files: Files) -> tuple[FileEntry, ...]:
    """Each of them as an entry."""
    if isinstance(files, tuple):
        return tuple(entry for each in files for entry in entries(each))
    return (FileEntry(path=files) if isinstance(files, str) else files,) if files else ()
