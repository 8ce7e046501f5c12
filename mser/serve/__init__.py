"""``mser serve``: a model folder that answers over HTTP."""
