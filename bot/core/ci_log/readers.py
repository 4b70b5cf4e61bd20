"""All readers, and what a line must have for any of them to care."""

from __future__ import annotations

import re

from bot.core.ci_log.block import PLACE
from bot.core.ci_log.lint_readers import CredoIssues, DialyzerWarnings
from bot.core.ci_log.mix_readers import (
    CompilerMessages,
    DependencyErrors,
    Exceptions,
    FormatFailures,
    TestFailures,
)
from bot.core.ci_log.reader import Reader

MAY_BEGIN = re.compile(
    r" {2}\d+\) |\s*(?:warning|error): |== Comp|\*\* \(|mix format failed|Unchecked dep|┃ \["
    r"|\[[A-Z]\] |\s*(?:Starting Dialyzer|Proceeding with analysis|Total errors: )|done \("
    r"|Compilation failed|ERROR! "
    rf"|{PLACE}"
)
"""What no line can do without that a reader takes an interest in: most are passed over by it."""


def readers() -> tuple[Reader, ...]:
    """A fresh one of each; the first that knows a line has it."""
    return (
        TestFailures(),
        DialyzerWarnings(),
        CredoIssues(),
        CompilerMessages(),
        FormatFailures(),
        DependencyErrors(),
        Exceptions(),
    )
