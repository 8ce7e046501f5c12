"""Files that appear whole, that one process holds, whose fields have types."""
