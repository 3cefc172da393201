"""The verbs: plain functions over core and ports."""
