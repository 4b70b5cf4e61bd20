"""Tests of the REST API's issues."""
