"""Understands Elixir without compiling it: syntax, projects, supervision, rules and fixes."""
