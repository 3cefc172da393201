"""Fuzzing: one target for each parser, what each promises, and the inputs that are kept."""
