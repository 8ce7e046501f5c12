"""``mser judge``: what a model folder, whoever trained it, says of a corpus's test parts, as a run to report."""
