"""Annotations over long recordings: who speaks when, what is said, and with which emotion."""
