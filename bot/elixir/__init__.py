"""Understands Elixir source without compiling it: syntax, projects, supervision, rules and fixes."""
