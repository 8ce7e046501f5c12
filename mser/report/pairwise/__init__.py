"""Runs compared with each other: differences, verdicts, late fusion."""
