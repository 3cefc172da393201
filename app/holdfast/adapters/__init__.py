"""The world, one file per piece of it."""
