"""Outside witnesses of time, one protocol a file."""
