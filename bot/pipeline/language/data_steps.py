"""Steps that compute on data, move files or ask questions about the code base."""

from __future__ import annotations

from bot.pipeline.language.file_steps import FileOpsStep
from bot.pipeline.language.query_steps import CodebaseQueryStep
from bot.pipeline.language.transform_steps import TransformStep

DataStep = TransformStep | FileOpsStep | CodebaseQueryStep
"""Every step of this kind."""
