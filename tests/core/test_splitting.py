from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from srm_core.records import Document, Source
from srm_core.splitting import split

SOURCE = Source(name="test", licence="CC0-1.0")


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.sampled_from("ab. \n?\u00e9\U0001f600\u00a0"), min_size=1, max_size=400), st.integers(1, 90), st.data()
)
def test_chunks_lie_at_exact_offsets_and_lose_nothing_but_white_space(
    text: str, size: int, data: st.DataObject
) -> None:
    breaks = data.draw(
        st.lists(st.integers(1, len(text)), unique=True, max_size=5).map(lambda found: tuple(sorted(found)))
    )
    document = Document(text=text, source=SOURCE, breaks=breaks)
    chunks = list(split(document, size))
    assert all(text[chunk.start : chunk.end] == chunk.text and 0 < len(chunk.text) <= size for chunk in chunks)
    assert all(before.end <= after.start for before, after in pairwise(chunks))
    assert "".join("".join(chunk.text for chunk in chunks).split()) == "".join(text.split())


def test_a_text_is_cut_at_its_breaks_rather_than_inside_a_block() -> None:
    text = "first block of words\n\nsecond block of words\n\nthird"
    chunks = list(split(Document(text=text, source=SOURCE, breaks=(22, 45)), 46))
    assert [chunk.text for chunk in chunks] == ["first block of words\n\nsecond block of words", "third"]
    assert chunks[0].parents == (chunks[0].document,)


def test_without_breaks_a_sentence_end_is_preferred_to_a_blank() -> None:
    chunks = list(split(Document(text="One two three. Four five six seven", source=SOURCE), 20))
    assert chunks[0].text == "One two three."
