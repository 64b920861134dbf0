"""``python -m srm_core.cli``: the command line without its entry point."""

from . import main

main()
