"""Forms of a right answer that are accepted, near misses that are not, and garbage."""

from __future__ import annotations

import time
from random import Random

import pytest
from srm_pack_law.problems.generate import problems
from srm_pack_law.second import second_opinion
from srm_pack_law.verify import verify

from srm_core.config import PackConfig
from srm_core.records import ChoiceKey, FormulaKey, GraphKey, Problem, Trace

NUMBER = FormulaKey(formula="tax_2018_single_3", inputs={"income": 50000.0}, unit="dollars", low=6938.5, high=6940.5)


def problem(kind: str, answer: str, accept: tuple[str, ...] = ()) -> Problem:
    key = NUMBER if kind == "tax_due" else GraphKey(query="q")
    return Problem(kind=kind, question="?", answer=answer, accept=accept, anchor="x", key=key)


def grade(kind: str, gold: str, answer: str) -> bool | None:
    verdict = verify(problem(kind, gold), Trace(text="", reasoning="", answer=answer), ())
    assert verdict is not None
    return verdict.correct


FORMS = {
    ("tax_due", "6939.5 dollars [1]"): (
        ("6939.5 dollars", "$6,939.50", "6,939.5", "$6940", "6939.50 USD [2]", "**6939.5** dollars"),
        ("6.94k", "69395", "-6939.5", "6939.5 euros", "€6939.5", "6950", "6939.5 or 7000", "6900-7000", "693.95",
         "about 7000", "6939.5 thousand dollars", "dollars", "11000 dollars", "6939.5%"),
    ),
    ("marginal_rate", "22% [1]"): (
        ("22%", "22 percent", "22 %", "0.22", "22", "22.0%"),
        ("24%", "2.2%", "22 dollars", "22% or 24%", "12-22%", "0.22%", "0.24", "-22%", "%"),
    ),
    ("deadline_days", "2020-04-06 [2]"): (
        ("2020-04-06", "April 6, 2020", "6 April 2020", "04/06/2020", "Monday, April 6, 2020", "Apr. 6, 2020",
         "2020/04/06", "on April 6th, 2020."),
        ("2020-04-07", "2020-06-04", "2021-04-06", "April 6", "Tuesday, April 6, 2020", "2020-04-06 or 2020-04-07",
         "not 2020-04-06", "2020-04-06 to 2020-04-08", "2020-04", "06/04/2020", "2020-04-31"),
    ),
    ("reporter_edition_year", "no [1]"): (
        ("no", "No.", "NO", "**no**", "no [1]"),
        ("yes", "no or yes", "not sure", "none", "n", "no, yes", "nope", "not no"),
    ),
    ("reporter_name", "Federal Reporter"): (
        ("Federal Reporter", "the federal reporter", "Federal Reporter.", "*Federal Reporter*", "federal reporter [2]"),
        ("Federal Supplement", "Federal Reporter, Federal Supplement", "Federal", "F.2d", "maybe Federal Reporter"),
    ),
    ("court_level", "court of last resort"): (
        ("court of last resort", "a court of last resort", "Court of last resort."),
        ("last resort court or trial court", "court of general jurisdiction", "court", "not a court of last resort"),
    ),
    ("edition_for_year", "F.2d [3]"): (
        ("F.2d", "F. 2d", "F2d", "f.2d [3]"),
        ("F.3d", "F.", "F.2d or F.3d", "2d", "F.2d F.3d", "Federal Reporter"),
    ),
    ("court_citation_string", "N.D. Cal."): (
        ("N.D. Cal.", "N. D. Cal.", "N.D. Cal", "**N.D. Cal.**"),
        ("S.D. Cal.", "Cal.", "N.D. Cal. or S.D. Cal.", "N.D.", "Northern District"),
    ),
    ("citation_normalize", "100 A.2d 5"): (
        ("100 A.2d 5", "100 A.2d 5.", "**100 A.2d 5**", "100  A.2d  5"),
        ("100 Atl.2d 5", "100 A. 2d 5", "10 A.2d 5", "100 A.2d 50", "100 A.3d 5", "100 A.2d 5, 6", "A.2d", "5 A.2d 100"),
    ),
    ("statute_parts", "240.10b-5"): (
        ("240.10b-5", "§ 240.10b-5", "section 240.10b-5", "Section 240.10b-5."),
        ("240.10", "240.10b-6", "17", "240.10b-5 or 240.10b-6", "10b-5", "17 C.F.R. § 240.10b-5"),
    ),
    ("licence_spdx_id", "GPL-2.0-only"): (
        ("GPL-2.0-only", "gpl-2.0-only", "SPDX:GPL-2.0-only", "`GPL-2.0-only`"),
        ("GPL-2.0", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-2.0-only OR MIT", "GPL-2.0-only, MIT", "not GPL-2.0-only"),
    ),
    ("licence_category", "Copyleft Limited"): (
        ("Copyleft Limited", "copyleft limited", "Copyleft Limited.", "Copyleft-Limited"),
        ("Copyleft", "Permissive", "Copyleft or Copyleft Limited", "Limited"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "gold", "answer"), [(*about, form) for about, (ok, _) in FORMS.items() for form in ok]
)
def test_a_right_answer_is_accepted_in_its_usual_forms(kind: str, gold: str, answer: str) -> None:
    assert grade(kind, gold, answer) is True


@pytest.mark.parametrize(
    ("kind", "gold", "answer"), [(*about, form) for about, (_, bad) in FORMS.items() for form in bad]
)
def test_a_near_miss_is_rejected(kind: str, gold: str, answer: str) -> None:
    assert grade(kind, gold, answer) is False


def test_a_section_of_the_united_states_code_is_told_from_its_subsection() -> None:
    assert grade("statute_parts", "(c)(3)", "(c)(3)") is True
    assert grade("statute_parts", "(c)(3)", "subsection (c)(3)") is True
    assert grade("statute_parts", "(c)(3)", "(c)(2)") is False
    assert grade("statute_parts", "(c)(3)", "501(c)(3)") is False


def test_labels_of_published_sets_are_read_whole() -> None:
    item = Problem(kind="legalbench", question="?", answer="Common Law", anchor="x", key=ChoiceKey(index=0))
    for answer, right in (("Common Law", True), ("common law.", True), ("UCC", False), ("UCC or Common Law", False)):
        verdict = verify(item, Trace(text="", reasoning="", answer=answer), ())
        assert verdict is not None
        assert verdict.correct is right


def test_kinds_of_others_are_left_to_them() -> None:
    assert verify(problem("term_definition", "x"), Trace(text="", reasoning="", answer="x"), ()) is None
    assert second_opinion(problem("term_definition", "x"), Trace(text="", reasoning="", answer="x")) is None


def garbage() -> list[str]:
    rng = Random(7)
    signs = "0123456789abcXYZ[](){}<>§$%€.,;:-_/\\'\"\n\t\x00\x1b\u200f\u202e\u00a0éß字💥"
    drawn = ["".join(rng.choices(signs, k=rng.randint(1, 60))) for _ in range(200)]
    return [
        *drawn, "", " ", "[", "[" * 5000, "(" * 1_000_000, "1" * 1_000_000, "nan", "inf", "-inf", "1e999999999", "NaN dollars",
        "1e309 dollars", "9" * 400, "0x10", "²", "٣", "\u202e55", "2020-99-99", "0000-00-00", "99999-01-01", "yes" * 999,
        "A" * 1_000_000, "[1]" * 900,
    ]  # fmt: skip


def test_no_garbage_crashes_a_grader_or_is_accepted_and_all_of_it_is_quick() -> None:
    asked = list({p.kind: p for p in problems(PackConfig(per_kind=1))}.values())
    texts = garbage()
    for each in asked:
        second_opinion(each, Trace(text="", reasoning="", answer="?"))  # tables are loaded
    started = time.process_time()
    for each in asked:
        forms = {each.answer, each.answer.split(" [")[0]}
        for text in texts:
            trace = Trace(text=text, reasoning="", answer=text, cites=(1,))
            verdict = verify(each, trace, each.evidence)
            assert verdict is not None
            assert verdict.correct is False or text.strip() in forms
            if each.kind != "court_citation_string":
                opinion = second_opinion(each, trace)
                assert opinion is None or opinion.correct is False or text.strip() in forms
    assert time.process_time() - started < 20
