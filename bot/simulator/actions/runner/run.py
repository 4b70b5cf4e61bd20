"""A whole run: its jobs in the order of their needs, also those of called workflows."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.simulator.actions.expressions.errors import ExpressionError
from bot.simulator.actions.expressions.evaluator import Scope
from bot.simulator.actions.expressions.template import condition_holds
from bot.simulator.actions.host import Annotation, Conclusion, Host, JobView
from bot.simulator.actions.runner.calls import Finder, Tree
from bot.simulator.actions.runner.contexts import github_context, needs_context
from bot.simulator.actions.runner.level import (
    Instance,
    Level,
    called_level,
    instances,
    order_of,
    outputs_of,
    own_turn,
    skipped_instance,
    turn_of,
)
from bot.simulator.actions.runner.matrix import MatrixError
from bot.simulator.actions.runner.order import JobOrder
from bot.simulator.actions.runner.queue import Queue
from bot.simulator.actions.runner.request import RunRequest, Settings
from bot.simulator.actions.runner.results import Result, combine, conclude, in_order, result_of
from bot.simulator.actions.workflow.model import Concurrency, Job


class WorkflowRun:
    """Started with `execute`; `cancel` asks the jobs to end, cancelling the task makes them."""

    def __init__(self, request: RunRequest, host: Host, settings: Settings) -> None:
        self.request = request
        self.host = host
        self.settings = settings
        self.cancelled = False
        self.queue = Queue(request, host, settings)
        self.conclusions: list[Conclusion] = []
        """Of the jobs that count for the run's own."""

    async def prepare(self) -> Tree:
        """Raises WorkflowError where GitHub would not even start the run."""
        request = self.request
        repository, _, path = request.workflow_ref.partition("/.github/")
        assert path
        return await Finder(self.host).load(
            request.workflow, repository, request.workflow_sha, request.permissions
        )

    async def execute(self, tree: Tree) -> Conclusion:
        request = self.request
        contexts = {
            "github": github_context(request),
            "inputs": dict(request.inputs),
            "vars": dict(request.vars),
            "secrets": dict(request.secrets),
        }
        held = frozenset({request.group.lower()} if request.group else ())
        await self._run_level(Level(tree, contexts, request.permissions, held=held))
        return conclude(self.conclusions, self.cancelled)

    def cancel(self) -> None:
        """Jobs whose condition holds all the same, for instance always(), still run."""
        self.cancelled = True
        self.queue.cancel_all()

    async def _run_level(self, level: Level) -> dict[str, Result]:
        """Runs the jobs of one workflow; gives their results."""
        tasks: dict[str, asyncio.Task[Result]] = {}
        async with asyncio.TaskGroup() as group:
            for job in in_order(level.tree.workflow.jobs):
                needed = {name: tasks[name] for name in job.needs}
                tasks[job.id] = group.create_task(self._run_job(level, job, needed))
        return {name: task.result() for name, task in tasks.items()}

    async def _run_job(
        self, level: Level, job: Job, needed: Mapping[str, asyncio.Task[Result]]
    ) -> Result:
        results = {name: await task for name, task in needed.items()}
        before: frozenset[Conclusion] = frozenset().union(*(r.ancestors for r in results.values()))
        needs = needs_context({n: (r.result, r.outputs) for n, r in results.items()})
        try:
            if not self._holds(level, job, needs, results, before):
                self._settle(skipped_instance(level, job), "skipped")
                return Result("skipped", {}, before | {"skipped"})
            found, fail_fast, parallel = instances(level, job, needs)
        except (ExpressionError, MatrixError) as error:
            self._refuse(skipped_instance(level, job), str(error))
            return Result("failure", {}, before | {"failure"})
        ended = await self._run_instances(level, found, fail_fast, parallel)
        result = combine(r.result for r in ended)
        outputs = {k: v for r in ended for k, v in r.outputs.items() if v}
        return Result(result, outputs, before | {result})

    def _holds(
        self,
        level: Level,
        job: Job,
        needs: Mapping[str, Any],
        results: Mapping[str, Result],
        before: frozenset[Conclusion],
    ) -> bool:
        scope = level.scope(needs=needs)

        def seen(names: Iterable[Any]) -> frozenset[Conclusion]:
            chosen = [results[n].result for n in map(str, names) if n in results]
            return frozenset(chosen) or before

        functions = {
            "always": lambda _: True,
            "cancelled": lambda _: self.cancelled,
            "success": lambda names: not self.cancelled and seen(names) <= {"success"},
            "failure": lambda names: not self.cancelled and "failure" in seen(names),
        }
        return condition_holds(job.condition, Scope(scope.contexts, functions))

    async def _run_instances(
        self, level: Level, found: list[Instance], fail_fast: bool, parallel: int
    ) -> list[Result]:
        slots = asyncio.Semaphore(parallel)
        failed = False

        async def run(instance: Instance) -> Result:
            nonlocal failed
            async with slots:
                if failed and fail_fast:
                    self._settle(instance, "cancelled")
                    return Result("cancelled")
                result = await self._run_instance(level, instance)
            if result.result == "failure" and fail_fast and not failed:
                failed = True
                for other in found:
                    self.queue.cancel(other.key)
                    self.queue.cancel_all(f"{other.key}/")
            return result

        return list(await gather(run(instance) for instance in found))

    async def _run_instance(self, level: Level, instance: Instance) -> Result:
        kept = self.request.kept.get(instance.key)
        if kept is not None:
            self._count(kept)
            return Result(result_of(kept), kept.outputs)
        try:
            if instance.job.uses:
                return await self._call(level, instance)
            order = self._bounded(order_of(level, instance))
        except ExpressionError as error:
            self._refuse(instance, str(error))
            return Result("failure")
        group = "" if order.concurrency is None else order.concurrency.group
        if self._is_deadlock(level, instance, group):
            return Result("cancelled")
        view = await self.queue.run(order)
        self._count(view)
        return Result(result_of(view), view.outputs)

    def _bounded(self, order: JobOrder) -> JobOrder:
        ceiling = self.request.ceiling
        return order if ceiling is None else replace(order, permissions=ceiling(order.permissions))

    async def _call(self, level: Level, instance: Instance) -> Result:
        """A reusable workflow waits for its groups, but takes no slot: its jobs do."""
        inner = called_level(level, instance)
        turns = (turn_of(level, instance), own_turn(inner))
        return await self._in_turns(inner, instance, [turn for turn in turns if turn])

    async def _in_turns(
        self, inner: Level, instance: Instance, turns: Sequence[Concurrency]
    ) -> Result:
        if not turns:
            return await self._run_called(inner)
        group = turns[0].group
        if self._is_deadlock(inner, instance, group):
            return Result("cancelled")
        turn = self.host.turn(
            *(instance.key, group, bool(turns[0].cancel_in_progress)),
            lambda: self.queue.cancel_all(inner.key),
        )
        async with turn as mine:
            if mine:
                deeper = replace(inner, held=inner.held | {group.lower()})
                return await self._in_turns(deeper, instance, turns[1:])
        self._settle(instance, "cancelled")
        return Result("cancelled")

    def _is_deadlock(self, level: Level, instance: Instance, group: str) -> bool:
        """Whether the job would wait for a group that is only left when the job has ended."""
        if group.lower() not in level.held:
            return False
        self._settle(instance, "cancelled")
        text = (
            f"Canceling since a deadlock for concurrency group '{group}' was detected between"
            f" 'top level workflow' and '{instance.name}'"
        )
        self.host.annotate(instance.key, 0, Annotation("failure", text))
        return True

    async def _run_called(self, inner: Level) -> Result:
        results = await self._run_level(inner)
        jobs = needs_context({n: (r.result, r.outputs) for n, r in results.items()})
        outputs = outputs_of(inner, jobs)
        return Result(combine(r.result for r in results.values()), outputs)

    def _settle(self, instance: Instance, conclusion: Conclusion) -> None:
        """A job that ends without having run."""
        view = JobView(
            *(instance.key, instance.name, "completed", conclusion),
            started_at=self.settings.now(),
            completed_at=self.settings.now(),
        )
        self.host.job_changed(view)
        self._count(view)

    def _refuse(self, instance: Instance, message: str) -> None:
        self._settle(instance, "failure")
        text = f"The template is not valid. {self.request.workflow.path}: {message}"
        self.host.annotate(instance.key, 0, Annotation("failure", text))

    def _count(self, view: JobView) -> None:
        if view.conclusion is not None:
            forgiven = view.conclusion == "failure" and view.succeeded
            self.conclusions.append("success" if forgiven else view.conclusion)


async def gather(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Like asyncio.gather, but when one raises or is cancelled the others end first."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
    return [task.result() for task in tasks]
