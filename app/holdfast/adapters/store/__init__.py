"""SQLite and content-addressed files."""
