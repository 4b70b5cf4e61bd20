"""Tests of branch protection and rulesets over REST."""
