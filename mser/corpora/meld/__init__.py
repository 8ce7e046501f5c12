"""MELD: utterances of a television series, in their dialogues."""
