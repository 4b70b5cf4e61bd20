"""Workflow and action files: read, checked, and asked which events start them."""
