"""Steps that compute on data, move files or ask questions about the code base."""

from __future__ import annotations

from bot.pipeline.file_steps import FileOpsStep
from bot.pipeline.query_steps import CodebaseQueryStep
from bot.pipeline.transform_steps import TransformStep

DataStep = TransformStep | FileOpsStep | CodebaseQueryStep
"""Every step of this kind."""
