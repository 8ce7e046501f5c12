"""How a corpus is split, and what its parts share. Knows no torch."""
