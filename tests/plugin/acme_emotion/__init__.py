"""What a package of one's own adds to mser: a corpus, an encoder, a fusion and an objective."""
