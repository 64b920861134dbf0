from __future__ import annotations

from srm_knowledge.readers.cnxml import read_cnxml
from srm_knowledge.readers.html import read_html
from srm_knowledge.readers.jsonl import read_jsonl
from srm_knowledge.readers.markdown import read_markdown
from srm_knowledge.readers.parsed import Parsed, Rejected
from srm_knowledge.readers.text import read_text


def only(parts: object) -> Parsed:
    (part,) = list(parts)  # type: ignore[call-overload]
    assert isinstance(part, Parsed)
    return part


def test_jsonl_rows_are_documents_and_broken_rows_are_rejected_by_number() -> None:
    rows = [
        '{"text": "One", "title": "T"}',
        "{broken",
        "[1]",
        '{"text": 5}',
        '{"x": 1}',
        r'{"text": "\ud800"}',
        "",
        "9" * 5,
    ]
    parts = list(read_jsonl("\n".join(rows)))
    assert parts[0] == Parsed(title="T", blocks=("One",), place=":1")
    assert [part.place for part in parts[1:]] == [":2", ":3", ":4", ":5", ":6", ":8"]
    assert all(isinstance(part, Rejected) for part in parts[1:])


def test_a_jsonl_row_of_term_and_definition_is_a_document_and_a_definition() -> None:
    part = only(read_jsonl('{"term": "torque", "definition": "turning force"}'))
    assert part.blocks == ("torque: turning force",)
    assert part.definitions == (("torque", "turning force"),)


def test_deeply_nested_json_is_rejected() -> None:
    (part,) = read_jsonl("[" * 200_000)
    assert isinstance(part, Rejected)


def test_markdown_gives_title_blocks_and_definitions_but_none_from_listings() -> None:
    text = "---\ntitle: Notes\n---\n# Head\n\nWord\n: its meaning\n: another\n\n```\nx\n\ny\n: no\n```\n\nEnd"
    part = only(read_markdown(text))
    assert part.title == "Notes"
    assert part.definitions == (("Word", "its meaning"), ("Word", "another"))
    assert part.blocks == ("# Head", "Word\n: its meaning\n: another", "```\nx\n\ny\n: no\n```", "End")


def test_html_gives_the_text_by_blocks_without_scripts_and_the_definition_list() -> None:
    page = (
        "<title>Page</title><script>bad()</script><nav>menu</nav><div>one <b>bold</b> word<p>two</p>three<br>four</div>"
        "<dl><dt>Term</dt><dd>Meaning</dd></dl><ul><li>x<li>y</ul>"
    )
    part = only(read_html(page))
    assert part.title == "Page"
    assert part.blocks == ("one bold word", "two", "three four", "Term", "Meaning", "x", "y")
    assert part.definitions == (("Term", "Meaning"),)


def test_broken_and_deep_html_does_not_crash() -> None:
    assert only(read_html("<div>" * 3000 + "in" + "<p" * 50)).blocks
    assert only(read_html("plain words & no tags")).blocks == ("plain words & no tags",)


def test_cnxml_gives_sections_lists_tables_and_glossary_but_no_exercises() -> None:
    text = """<document xmlns="http://cnx.rice.edu/cnxml"><title>T</title><metadata><x>no</x></metadata><content>
      <section><title>S</title><para>A <term>word</term> in
        line.<list><item>one</item><item>two</item></list>after</para></section>
      <table><tgroup><tbody><row><entry>a</entry><entry>b</entry></row></tbody></tgroup></table>
      <exercise><problem><para>Q?</para></problem><solution><para>A!</para></solution></exercise></content>
      <glossary><definition><term>word</term> <meaning>a <emphasis>unit</emphasis></meaning></definition></glossary>
      </document>"""
    part = only(read_cnxml(text))
    assert part.title == "T"
    assert part.blocks == ("S", "A word in line.", "one", "two", "after", "a | b", "word: a unit")
    assert part.definitions == (("word", "a unit"),)


def test_a_short_first_line_of_a_text_is_its_title_and_a_sentence_is_not() -> None:
    assert only(read_text("Heading\n\nBody")).title == "Heading"
    assert only(read_text("A sentence.\n\nBody")).title == ""
