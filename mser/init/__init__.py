"""``mser init``: looks at recordings, and writes an experiment that fits them and the machine."""
