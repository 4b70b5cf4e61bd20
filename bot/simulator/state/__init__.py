"""The simulator's memory: tables of records, kept in one SQLite file."""
