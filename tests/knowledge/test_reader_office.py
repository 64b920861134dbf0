"""DOCX, EPUB, JATS and HTML tables: built by hand here, read as in a corpus."""

from __future__ import annotations

import io
import zipfile
from xml.etree.ElementTree import fromstring

import pytest
from srm_knowledge.readers.docx import read_docx
from srm_knowledge.readers.epub import read_epub
from srm_knowledge.readers.mathml import mathml_to_tex, omml_to_tex
from srm_knowledge.readers.page import read_page
from srm_knowledge.readers.parsed import Parsed, Rejected, Unreadable
from srm_knowledge.readers.xml import read_xml

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def zipped(files: dict[str, str | bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return sink.getvalue()


def docx(body: str, **more: str) -> bytes:
    document = f"<w:document {W} {M}><w:body>{body}</w:body></w:document>"
    return zipped({"word/document.xml": document, **{f"word/{name}.xml": text for name, text in more.items()}})


def par(text: str, style: str = "") -> str:
    settings = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{settings}<w:r><w:t>{text}</w:t></w:r></w:p>"


def only(parts: object) -> Parsed:
    (part,) = list(parts)  # type: ignore[call-overload]
    assert isinstance(part, Parsed)
    return part


def test_docx_headings_by_style_paragraphs_and_lists() -> None:
    styles = (
        f'<w:styles {W}><w:style w:styleId="U1"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:styleId="T"><w:name w:val="Title"/></w:style></w:styles>'
    )
    item = "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>item</w:t><w:tab/><w:t>end</w:t></w:r></w:p>"
    part = only(
        read_docx(
            docx(par("Book", "T") + par("One", "U1") + par("Text.") + item + par("Two", "Heading2"), styles=styles)
        )
    )
    assert part.title == "Book"
    assert part.blocks == ("# Book", "## One", "Text.", "- item end", "### Two")


def test_docx_drops_deleted_text_and_keeps_inserted_text_and_footnotes() -> None:
    body = (
        "<w:p><w:r><w:t>Kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
    )
    notes = f"<w:footnotes {W}><w:footnote>{par('A note.')}</w:footnote></w:footnotes>"
    assert only(read_docx(docx(body, footnotes=notes))).blocks == ("Kept new", "A note.")


def test_docx_tables_and_formulas_are_kept() -> None:
    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{par(cell)}</w:tc>" for cell in cells) + "</w:tr>"

    fraction = (
        "<m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath>"
    )
    body = f"<w:tbl>{row('A', 'B')}{row('1', '2')}</w:tbl><w:p><w:r><w:t>So </w:t></w:r>{fraction}</w:p><w:p><m:oMathPara>{fraction}</m:oMathPara></w:p>"
    assert only(read_docx(docx(body))).blocks == (
        "| A | B |\n| --- | --- |\n| 1 | 2 |",
        "So $\\frac{a}{b}$",
        "$$\\frac{a}{b}$$",
    )


def test_mathml_and_omml_become_tex() -> None:
    ns = 'xmlns="http://www.w3.org/1998/Math/MathML"'
    square = f"<math {ns}><msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><msqrt><mi>y</mi></msqrt></math>"
    assert mathml_to_tex(fromstring(square)) == "x^{2} + \\sqrt{y}"
    total = f"<math {ns}><munderover><mo>\u2211</mo><mi>i</mi><mi>n</mi></munderover><mfrac><mn>1</mn><mi>i</mi></mfrac></math>"
    assert mathml_to_tex(fromstring(total)) == "{\\sum}_{i}^{n} \\frac{1}{i}"
    noted = f'<math {ns}><semantics><mi>q</mi><annotation encoding="application/x-tex">\\alpha</annotation></semantics></math>'
    assert mathml_to_tex(fromstring(noted)) == "\\alpha"
    root = f"<m:oMath {M}><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>"
    assert omml_to_tex(fromstring(root)) == "x^{2}"


OPF = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Book</dc:title></metadata>
<manifest><item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="a" href="one%20a.xhtml" media-type="application/xhtml+xml"/><item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>
<item id="c" href="gone.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="n"/><itemref idref="b"/><itemref idref="a"/><itemref idref="c"/></spine></package>"""
CONTAINER = '<container xmlns="urn:c"><rootfiles><rootfile full-path="O/book.opf"/></rootfiles></container>'
BOOK: dict[str, str | bytes] = {
    "META-INF/container.xml": CONTAINER,
    "O/book.opf": OPF,
    "O/one a.xhtml": "<html><head><title>Ch A</title></head><body><p>Alpha</p></body></html>",
    "O/two.xhtml": "<html><body><table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>",
}


def test_epub_chapters_come_in_the_order_of_the_spine_and_missing_ones_are_rejected() -> None:
    parts = list(read_epub(zipped(BOOK)))
    assert parts[0] == Parsed("Book", ("| x | y |\n| --- | --- |\n| 1 | 2 |",), place=":1")
    assert parts[1] == Parsed("Book: Ch A", ("Alpha",), place=":2")
    assert parts[2] == Rejected(":3", "holds no O/gone.xhtml")


def test_a_locked_chapter_is_rejected() -> None:
    locks = '<encryption xmlns:e="urn:e"><e:EncryptedData><e:CipherReference URI="O/two.xhtml"/></e:EncryptedData></encryption>'
    assert next(iter(read_epub(zipped({**BOOK, "META-INF/encryption.xml": locks})))) == Rejected(":1", "encrypted")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04broken", zipped({"x": "y"}), zipped({"word/document.xml": "<a>"})])
def test_files_that_are_no_docx_and_no_epub_are_unreadable(data: bytes) -> None:
    for reader in (read_docx, read_epub):
        with pytest.raises(Unreadable):
            list(reader(data))


def test_docx_with_entities_is_refused() -> None:
    bomb = f'<!DOCTYPE d [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><w:document {W}><w:body><w:p>&b;</w:p></w:body></w:document>'
    with pytest.raises(Unreadable, match="entities"):
        list(read_docx(zipped({"word/document.xml": bomb})))


ARTICLE = """<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) v1.2//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"><front><article-meta>
<title-group><article-title>On <italic>E. coli</italic></article-title></title-group>
<abstract><sec><title>Aim</title><p>To see.</p></sec></abstract></article-meta></front>
<body><sec><label>1</label><title>Methods</title><p>We used <inline-formula><tex-math>$x^2$</tex-math></inline-formula> as before<sup><xref>3</xref></sup>.</p>
<disp-formula><mml:math><mml:mi>y</mml:mi></mml:math></disp-formula>
<sec><title>Cells</title><list><list-item><p>one</p></list-item></list></sec>
<table-wrap><caption><p>Sizes</p></caption><table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table></table-wrap>
</sec></body><back><ack><p>Thanks</p></ack><ref-list><ref>R</ref></ref-list>
<glossary><def-list><def-item><term>PCR</term><def><p>a reaction</p></def></def-item></def-list></glossary></back></article>"""


def test_jats_gives_abstract_sections_formulas_tables_and_glossary_without_references() -> None:
    part = only(read_xml(ARTICLE))
    assert part.title == "On E. coli"
    assert part.definitions == (("PCR", "a reaction"),)
    assert part.blocks == (
        "## Abstract",
        "### Aim",
        "To see.",
        "## Methods",
        "We used $x^2$ as before.",
        "$$y$$",
        "### Cells",
        "- one",
        "Sizes",
        "| A | B |\n| --- | --- |\n| 1 | 2 |",
        "PCR: a reaction",
    )


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><article>&x;</article>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><article><body>&x;</body></article>',
        "<article/>",
        "<html/>",
        "<article>",
    ],
)
def test_other_xml_and_entities_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        list(read_xml(text))


def test_html_tables_of_data_are_kept_and_those_that_lay_out_a_page_are_not() -> None:
    page = (
        "<h1>T</h1><table><caption>Sizes</caption><tr><th>A<th>B &lt; C<tr><td colspan=2>both<tr><td>1<td>2 <b>x</b></table>"
        "<table><tr><td><p>Only text</p></td></tr></table><p>E <math><mi>x</mi></math></p>"
    )
    assert only(read_page(page)).blocks == (
        "T",
        "Sizes",
        "| A | B < C |\n| --- | --- |\n| both | |\n| 1 | 2 x |",
        "Only text",
        "E $x$",
    )
