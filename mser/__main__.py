"""``python -m mser`` is the ``mser`` command."""

from mser.cli import main

raise SystemExit(main())
