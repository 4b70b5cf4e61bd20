"""A Postgres for the tests that need one."""

from tests.postgres import postgres, shared_url

__all__ = ["postgres", "shared_url"]
