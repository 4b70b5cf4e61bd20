"""The Codebase object: a confined work tree with files, edits, search, git and mix."""
