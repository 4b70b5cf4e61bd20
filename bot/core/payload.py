"""The payload of a webhook delivery, as far as anything in it is needed.

Slim and tolerant: GitHub adds fields and actions at any time, and what is not needed is not read.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class _Slim(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


def _absent(value: Any) -> Any:
    return {} if value is None else value


class _Account(_Slim):
    login: str = ""
    type: str = ""


class _Numbered(_Slim):
    id: int = 0


class _Repository(_Slim):
    id: int = 0
    full_name: str = ""
    default_branch: str = ""


class _Label(_Slim):
    name: str = ""


class _Issue(_Slim):
    number: int = 0
    body: str | None = None
    user: Annotated[_Account, BeforeValidator(_absent)] = _Account()


class _Comment(_Slim):
    id: int = 0
    body: str | None = None
    user: Annotated[_Account, BeforeValidator(_absent)] = _Account()


class _Branch(_Slim):
    ref: str = ""


class _Pull(_Slim):
    number: int = 0
    head: Annotated[_Branch, BeforeValidator(_absent)] = _Branch()


class _Run(_Slim):
    head_branch: str | None = None
    display_title: str | None = None


class _Suite(_Slim):
    head_branch: str | None = None


class _CheckRun(_Slim):
    check_suite: Annotated[_Suite, BeforeValidator(_absent)] = _Suite()


class _Was(_Slim):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)
    before: str = Field(default="", alias="from")


class _Changes(_Slim):
    body: Annotated[_Was, BeforeValidator(_absent)] = _Was()


class _Named(_Slim):
    name: str = ""


class Payload(_Slim):
    """Of any event; what it has not is empty."""

    action: str = ""
    ref: str = ""
    installation: Annotated[_Numbered, BeforeValidator(_absent)] = _Numbered()
    repository: Annotated[_Repository, BeforeValidator(_absent)] = _Repository()
    sender: Annotated[_Account, BeforeValidator(_absent)] = _Account()
    issue: Annotated[_Issue, BeforeValidator(_absent)] = _Issue()
    label: Annotated[_Label, BeforeValidator(_absent)] = _Label()
    comment: Annotated[_Comment, BeforeValidator(_absent)] = _Comment()
    pull_request: Annotated[_Pull, BeforeValidator(_absent)] = _Pull()
    workflow_run: Annotated[_Run, BeforeValidator(_absent)] = _Run()
    check_suite: Annotated[_Suite, BeforeValidator(_absent)] = _Suite()
    check_run: Annotated[_CheckRun, BeforeValidator(_absent)] = _CheckRun()
    changes: Annotated[_Changes, BeforeValidator(_absent)] = _Changes()
    branches: tuple[_Named, ...] = ()
