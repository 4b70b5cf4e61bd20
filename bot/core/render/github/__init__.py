"""What people read on GitHub: bodies of issues, comments, pull requests and checks."""
