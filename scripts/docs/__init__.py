"""The pages of the docs site that are made from the code when it is built."""
