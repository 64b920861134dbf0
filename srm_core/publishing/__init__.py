"""A release: the candidate's files, a signed statement over their hashes, and the check that re-executes.

The statement is an in-toto Statement with SLSA provenance in a DSSE envelope, signed with the owner's Ed25519 key, made
on first use in the user's configuration folder; the public half travels with the release.
"""

from .checking import Check, verify_release
from .files import PUBLIC, STATEMENT
from .releasing import release_run

__all__ = ["PUBLIC", "STATEMENT", "Check", "release_run", "verify_release"]
