"""Logging: one event per line on standard error, for people on a terminal and as JSON elsewhere."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.core.sanitize import mask

LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}


def set_up(
    verbosity: int = 0, *, secrets: tuple[str, ...] = (), stream: TextIO | None = None
) -> None:
    """Write events to `stream` (standard error), warnings and up; each `verbosity` step shows more.

    Values of `secrets` are masked in every string of an event.
    """
    target = stream if stream is not None else sys.stderr
    terminal = target.isatty()
    render: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Before the masking, on a terminal too: a renderer's own traceback would show secrets.
            structlog.processors.format_exc_info,
            _masker(secrets),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[max(-1, min(verbosity, 2))]),
        logger_factory=structlog.PrintLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )


class _Taken(logging.Handler):
    """What libraries say through `logging`, as events like ours."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )


def take_standard(*loggers: str) -> None:
    """Warnings of libraries become events too; `loggers` are those that have their own ways."""
    logging.getLogger().handlers = [_Taken(logging.WARNING)]
    for name in loggers:
        logging.getLogger(name).handlers = [_Taken(logging.WARNING)]


def _masker(secrets: tuple[str, ...]) -> Processor:
    def mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: _masked(value, secrets) for key, value in event.items()}

    return mask_event


def _masked(value: object, secrets: tuple[str, ...]) -> object:
    match value:
        case str():
            return mask(value, secrets)
        case dict():
            return {key: _masked(item, secrets) for key, item in value.items()}
        case list() | tuple():
            return [_masked(item, secrets) for item in value]
        case _:
            return value
