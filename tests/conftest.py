"""What holds for every test, and is set before any library is imported."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # a name that nobody has is refused at once, not after asking the network five times
