"""The report: one file, nothing remote, nothing that a model wrote can run, and the manifest's numbers in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from srm_core.records import AuditFinding, Objection, Source
from srm_core.reports.html import duration, flatten, write_report

EVIL = "<script>alert(1)</script> $x^2$ <img src=x onerror=alert(1)>"
LOGS = {
    "sft": [{"step": step, "loss": 2.0 / step, "seconds": 1.0} for step in range(1, 5)],
    "grpo": [{"step": 1, "reward": 0.8, "loss": 0.0}, {"step": 2, "reward": 0.9, "loss": 0.0}],
}


class _Tags(HTMLParser):
    """Collects tags and attributes as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def _tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(page)
    return parser.seen


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    def write(manifest, logs=LOGS) -> str:
        return write_report(manifest, logs, tmp_path_factory.mktemp("report") / "report.html").read_text()

    return write


@pytest.fixture(scope="module")
def page(make_manifest, page_of) -> str:
    return page_of(make_manifest())


def test_the_report_shows_the_numbers_the_verdict_and_its_reasons(page):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Gate: FAIL" in text
    assert "bias : recency costs 20 points" in text
    assert "82 % 71 to 92, n 50" in text
    assert "+52.0 +38.0 to +66.0 50" in text
    assert "Clinical calculators, formula unseen 58 % 32 to 81, n 12" in text
    assert "own corpus – CC-BY-4.0" in text
    assert "fact.compared 150" in text
    assert "train.epochs 2.0" in text
    assert "train 2 min 02 s kept 40" in text
    assert "Recall of a code, Clinical calculators" in text
    assert page.count("<svg") == 4


def test_nothing_is_loaded_from_anywhere(page):
    tags = _tags(page)
    policy = next(
        attrs["content"] for tag, attrs in tags if tag == "meta" and "content" in attrs and "http-equiv" in attrs
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "img", "object", "image"}
    links = [
        value for _, attrs in tags for name, value in attrs.items() if name in ("src", "href", "xlink:href") and value
    ]
    assert all(value.startswith("#") for value in links)
    assert "url(http" not in page


def test_what_models_corpora_and_plugins_wrote_stays_text(make_manifest, page_of):
    pack = make_manifest().pack
    kinds = tuple(kind.model_copy(update={"title": EVIL}) for kind in pack.kinds)
    finding = make_manifest().findings[0].model_dump(exclude={"id", "content"}) | {"attribute": EVIL}
    manifest = make_manifest(
        pack=pack.model_copy(update={"title": EVIL, "intended_use": EVIL, "kinds": kinds}),
        base=EVIL,
        objections=(Objection(gate=EVIL, reason=EVIL),),
        sources=(Source(name=EVIL, licence=EVIL, url=f"javascript:{EVIL}"),),
        findings=(AuditFinding(**finding),),
        leak={EVIL: EVIL},
        settings={EVIL: EVIL},
        environment={EVIL: EVIL},
    )
    tags = _tags(page_of(manifest))
    assert not [tag for tag, attrs in tags if tag in ("script", "img") or any(name.startswith("on") for name in attrs)]
    assert not [attrs for tag, attrs in tags if tag == "a"]


def test_an_unmeasured_build_says_so_instead_of_showing_zeros(make_manifest, page_of):
    page = page_of(make_manifest(scores=(), findings=(), leak={}, sources=(), verdict="", objections=()), logs={})
    assert "The gate has not judged this build." in page
    assert page.count("Not measured") >= 4
    assert "nothing is known about bias" in page
    assert page.count("not run") == 2
    assert "<svg" not in page


def test_effects_that_are_no_rates_are_not_drawn_as_points(make_manifest, page_of):
    nats = make_manifest().findings[0].model_dump(exclude={"id", "content"})
    nats |= {"measure": "gold-logprob-gap", "effect": -0.25, "low": -0.5, "high": 0.1, "limit": None, "mde": None}
    page = page_of(make_manifest(findings=(AuditFinding(**nats),)))
    assert "-0.25 nats" in page
    assert "Reported, not judged (1)" in page


def test_the_same_manifest_gives_the_same_bytes(make_manifest, page_of, page):
    assert page_of(make_manifest()) == page


def test_settings_are_flattened_to_dotted_names():
    assert flatten({"a": {"b": 1, "c": {}}, "d": "x"}) == [("a.b", "1"), ("a.c", "{}"), ("d", "x")]


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.25, "8.2 s"), (200, "3 min 20 s"), (119.7, "2 min 00 s"), (3900, "1 h 05 min")]
)
def test_durations_read_naturally(seconds, text):
    assert duration(seconds) == text


def test_the_report_is_replaced_whole(make_manifest, tmp_path: Path):
    out = tmp_path / "report.html"
    out.write_text("old")
    write_report(make_manifest(), LOGS, out)
    assert out.read_text().rstrip().endswith("</html>")
    assert list(tmp_path.iterdir()) == [out]
