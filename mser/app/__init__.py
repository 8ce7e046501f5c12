"""``mser app``: a local page to try a model on."""
