"""Keys and values in pages: memory follows the tokens that are alive, and equal beginnings are kept once."""

# L layers, P pages of a slab, F floats of a page

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Sequence

import torch

from .architecture import Architecture

BLOCK = 16  # positions of a page
SLAB_PAGES = 64
IDLE_BYTES = 128 << 20  # finished beginnings kept for the next call


def padded_width(shape: Architecture) -> int:
    """Return the floats a head takes in a page."""
    return -(-shape.head_width // BLOCK) * BLOCK


class PagePool:
    """Hands out pages by number; a page is free, in use by some sequences, or idle with contents worth keeping."""

    def __init__(
        self, shape: Architecture, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
    ) -> None:
        self.layers = shape.layers
        self.device, self.dtype = device, dtype
        self.page_floats = 2 * shape.kv_heads * padded_width(shape) * BLOCK
        self.slabs: list[torch.Tensor] = []  # each (L, P, F)
        self._free: list[int] = []
        self._users: dict[int, int] = {}
        self._key_of: dict[int, bytes] = {}
        self._page_of: dict[bytes, int] = {}
        self._idle: OrderedDict[int, None] = OrderedDict()  # oldest first
        self._most_idle = max(8, IDLE_BYTES // (dtype.itemsize * self.layers * self.page_floats))

    @property
    def used(self) -> int:
        """How many pages belong to living sequences."""
        return len(self._users)

    @property
    def size(self) -> int:
        """The bytes of all slabs."""
        return sum(slab.numel() * slab.element_size() for slab in self.slabs)

    def take(self) -> int:
        """Return a page for one user; a new slab is made only when nothing is free or idle."""
        if not self._free and self._idle:
            self._forget(next(iter(self._idle)))
        if not self._free:
            first = len(self.slabs) * SLAB_PAGES
            whole = (self.layers, SLAB_PAGES, self.page_floats)
            self.slabs.append(torch.zeros(whole, device=self.device, dtype=self.dtype))
            self._free = list(range(first + SLAB_PAGES - 1, first - 1, -1))
        page = self._free.pop()
        self._users[page] = 1
        return page

    def share(self, page: int) -> int:
        """Count one more user of ``page``, and return it."""
        self._idle.pop(page, None)
        self._users[page] = self._users.get(page, 0) + 1
        return page

    def give_back(self, pages: Sequence[int]) -> None:
        """Count one user less; a page nobody uses is kept a while if it has a key, else free."""
        for page in pages:
            self._users[page] -= 1
            if self._users[page]:
                continue
            del self._users[page]
            if page in self._key_of:
                self._idle[page] = None
            else:
                self._free.append(page)
        while len(self._idle) > self._most_idle:
            self._forget(next(iter(self._idle)))

    def copy(self, page: int) -> int:
        """Return a new page with the contents of ``page``."""
        new = self.take()
        source, target = self.slabs[page // SLAB_PAGES], self.slabs[new // SLAB_PAGES]
        target[:, new % SLAB_PAGES] = source[:, page % SLAB_PAGES]
        return new

    def find(self, key: bytes) -> int | None:
        """Return the page with the contents ``key`` names, or None."""
        return self._page_of.get(key)

    def remember(self, page: int, key: bytes) -> None:
        """Say that ``page`` is full and holds what ``key`` names: every token up to and including its own."""
        if key not in self._page_of:
            self._page_of[key] = page
            self._key_of[page] = key

    def clear(self) -> None:
        """Forget all contents (the weights have changed)."""
        for page in list(self._idle):
            self._forget(page)
        for page in list(self._key_of):
            del self._page_of[self._key_of.pop(page)]

    def _forget(self, page: int) -> None:
        del self._idle[page]
        del self._page_of[self._key_of.pop(page)]
        self._free.append(page)


def page_keys(ids: Sequence[int]) -> list[bytes]:
    """Return the key of each full page of a sequence: a hash of its own tokens and all before them."""
    keys: list[bytes] = []
    before = b""
    for start in range(0, len(ids) - BLOCK + 1, BLOCK):
        own = array("q", ids[start : start + BLOCK]).tobytes()
        before = hashlib.blake2b(before + own, digest_size=16).digest()
        keys.append(before)
    return keys
