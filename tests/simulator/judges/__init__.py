"""Outside judges of the local GitHub: GitHub's own descriptions, githubkit, git and an emulator."""
