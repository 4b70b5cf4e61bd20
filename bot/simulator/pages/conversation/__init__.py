"""What is said and done under an issue or a pull request, which look the same."""
