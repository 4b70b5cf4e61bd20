"""What may stand in a pipeline file: its head, its steps, its prompts, and their schema."""
