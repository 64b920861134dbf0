"""Reworded questions: what the checker takes and refuses, by hand; what a teacher's rewordings do to problems."""

from __future__ import annotations

import itertools
import json
import logging
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from srm_knowledge.store import FolderKnowledge
from srm_knowledge.vocabulary import paraphrasing
from srm_knowledge.vocabulary.mapping import Asked, Paraphrase, Vocabulary, load_vocabulary
from srm_knowledge.vocabulary.masking import Template, spoken
from srm_knowledge.vocabulary.packs import tried
from srm_knowledge.vocabulary.paraphrasing import KEPT, TAG, UNCHECKED, Posed, asking, reworded, template_of
from srm_knowledge.vocabulary.problems import problems
from srm_knowledge.vocabulary.rewording import refusal
from srm_knowledge.vocabulary.wordings import LISTED, wordings

from srm_core.config import PackConfig
from srm_core.errors import ConfigError, ModelError
from srm_core.protocols import Conversation
from srm_core.records import Completion, GraphKey, Problem, Sampling

NAMES = {
    "path": {"start": "claw hammer", "chain": "broader term of the broader term"},
    "set": {"start": "tenon saw", "chain": "materials"},
    "count": {"start": "Plane", "chain": "direct kinds"},
    "negation": {"start": "tenon saw", "other": "brass hammer", "many": "materials", "others": "materials"},
    "comparison": {"first": "maul", "second": "axe", "one": "material", "many": "materials"},
    "exception": {"start": "saw", "one": "direct kind", "many": "direct kinds"},
    "analogy": {"first": "rip saw", "second": "saw", "third": "jack plane"},
}
ANSWERS = {"path": "tool", "set": "steel; beech", "count": "4", "exception": "axe", "analogy": "plane"}
KNOWN = frozenset({"tool", "steel", "beech", "brass hammer", "jack plane", "plane", "claw hammer", "list", "file card"})


def template(shape: str, question: str = "", **names: str) -> Template:
    filled = NAMES[shape] | names
    worded = (question or wordings(Asked(shape=shape, steps=("s",)))[0]).replace(LISTED, "").strip()
    answers = tuple(filter(None, ANSWERS.get(shape, "").split("; ")))
    return Template(worded.format_map(filled), shape, filled, answers, KNOWN)


@pytest.mark.parametrize(
    ("shape", "by_value"), [*((shape, False) for shape in NAMES if shape != "analogy"), ("comparison", True)]
)
def test_every_template_of_a_shape_holds_as_a_rewording_of_every_other(shape: str, by_value: bool) -> None:
    own = wordings(Asked(shape=shape, steps=("s",)), by_value=by_value)
    assert len(own) >= 4
    for one, other in itertools.permutations(own, 2):
        text = template(shape, other).question
        assert refusal(template(shape, one), text) == "", (one, other)


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("path", "Please tell me the broader term of the broader term of the claw hammer."),
        ("path", "What's the claw hammer's broader term of the broader term?"),
        ("set", "Which materials does the tenon saw have?"),
        ("count", "How many direct kinds does the plane have?"),
        ("count", "Count all direct kinds belonging to plane."),
        ("negation", "Which are the tenon saw's materials, excluding the materials of brass hammer?"),
        ("comparison", "Between maul and axe, which has the greatest number of materials?"),
        ("exception", "Which of these isn't one of the direct kinds of saw?"),
        ("exception", "Name the odd one out among the direct kinds of saw."),
        ("analogy", "Rip saw is related to saw as jack plane is related to what?"),
    ],
)
def test_a_rewording_that_keeps_names_relations_and_form_holds(shape: str, text: str) -> None:
    assert refusal(template(shape), text) == ""


@pytest.mark.parametrize(
    ("shape", "text", "said"),
    [
        ("path", "", "it is no single line of about the same length"),
        ("path", "What is\nthat?", "it is no single line"),
        ("path", "what is the broader term of the broader term of Claw  Hammer?", "nothing changed"),
        ("path", "Name the broader term of the broader term of the hammer.", "a name is missing or repeated"),
        ("path", "Name the broader term of claw hammer.", "the words of a relation are missing"),
        ("path", "Claw hammer is the broader term of the broader term of what?", "a relation is not tied to its term"),
        ("path", "The broader term of the broader term of claw hammer.", "it asks for nothing"),
        ("path", "How many are the broader term of the broader term of claw hammer?", "it has words of its own"),
        ("path", "Name the broader term of the broader term of claw hammer, a tool.", "it names an answer"),
        ("path", "Name the broader term of the broader term of claw hammer, plane.", "it names another term"),
        ("path", "Who made the broader term of the broader term of claw hammer?", "it has words of its own"),
        ("path", "Name 1 broader term of the broader term of claw hammer.", "a number is lost or added"),
        ("path", "Name the two broader term of the broader term of claw hammer.", "a number is lost or added"),
        ("set", "Which materials are not of tenon saw?", "it has words of its own"),
        ("set", "Name several materials of tenon saw.", "it has words of its own"),
        ("count", "Which are the direct kinds of plane?", "it does not ask for a count"),
        ("count", "How many, 4, direct kinds of plane are there?", "a number is lost or added"),
        ("negation", "Which materials of brass hammer are not among the materials of tenon saw?", "what is left out"),
        ("negation", "Name the materials of tenon saw and the materials of brass hammer.", "what is left out"),
        ("comparison", "Which has fewer materials: maul or axe?", "it has words of its own"),
        ("comparison", "Which has materials: maul or axe?", "what is greater is not said plainly"),
        ("exception", "Which of these is one of the direct kinds of saw?", "it does not ask for one exception"),
        ("exception", "Which is not the odd one out among the direct kinds of saw?", "it does not ask for one"),
        ("exception", "Which of these is not one of the direct kinds of saw: axe?", "it names an answer"),
        ("analogy", "Saw is to rip saw as jack plane is to what?", "the names stand in another order"),
        ("analogy", "Rip saw is to saw as what is to jack plane?", "the names stand in another order"),
    ],
)
def test_what_asks_something_else_or_gives_away_is_refused(shape: str, text: str, said: str) -> None:
    assert refusal(template(shape), text).startswith(said)


def test_a_name_inside_a_longer_name_and_an_answer_that_was_asked_about_give_nothing_away() -> None:
    both = template("comparison", first="plane", second="jack plane")
    held = Template(both.question, "comparison", both.names, ("jack plane",), KNOWN)
    assert refusal(held, "Of plane and jack plane, which has more materials?") == ""
    assert refusal(held, "Of jack plane and jack plane, which has more materials?") == "a name is missing or repeated"
    assert refusal(held, "Of plane and jack plane, which has more materials? List.") == ""  # a term called "list"
    filed = template("set", start="file")
    assert refusal(filed, "List the materials of the file. The file card?") == "a name is missing or repeated"


def test_templates_are_chosen_by_what_is_asked_and_each_is_used(vocabulary: Vocabulary, base: FolderKnowledge) -> None:
    few = {problem.id: problem.question for problem in problems(vocabulary, base, PackConfig(per_kind=5))}
    many = {problem.id: problem.question for problem in problems(vocabulary, base, PackConfig(per_kind=200))}
    assert few.items() <= many.items()  # how many are asked for changes no wording
    above = [problem.question for problem in problems(vocabulary, base, PackConfig(per_kind=200, kinds=("above",)))]
    begun = {" ".join(question.split()[:2]) for question in above}
    assert {"What is", "Name the", "Starting from", "Find the"} <= begun
    assert any(question.startswith("For ") for question in above)


class Rewords:
    """A teacher that offers the same rewordings of every question, filled with its quoted phrases."""

    ref = "rewords:"

    def __init__(self, *offers: str) -> None:
        self.offers = offers
        self.asked: list[str] = []

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        found = []
        for turns in conversations:
            question, kept = turns[-1].content.split("\nKeep exactly: ")
            self.asked.append(question.removeprefix("Question: "))
            start, chain = json.loads(f"[{kept}]")[:2]
            texts = [offer.format(start=start, chain=chain) for offer in self.offers]
            found.append([Completion(text=text, finished=True, tokens=9) for text in texts])
        return found


@pytest.fixture(scope="module")
def plain(vocabulary: Vocabulary, base: FolderKnowledge) -> list[Problem]:
    return list(problems(vocabulary, base, PackConfig(per_kind=40, kinds=("above", "materials", "two_up"))))


def posed_of(found: Sequence[Problem], vocabulary: Vocabulary) -> list[Posed]:
    names = {"above": ("broader term", "broader terms"), "materials": ("material", "materials")}
    return [
        Posed(
            each, {"start": each.question.split(" of ")[-1].split("?")[0].split(".")[0], "chain": names[each.kind][n]}
        )
        for each in found
        for n in (int(each.kind == "materials"),)
        if each.kind in names and " of " in each.question
    ]


def test_a_rewording_takes_the_templates_place_and_all_else_stays(
    plain: list[Problem], vocabulary: Vocabulary, caplog: pytest.LogCaptureFixture
) -> None:
    posed = posed_of(plain, vocabulary)
    teacher = Rewords("The answer is known.", "Please state the {chain} of the {start}.")
    settings = Paraphrase(teacher="rewords:", share=1.0, samples=2)
    with caplog.at_level(logging.INFO, "srm_knowledge"):
        found = list(reworded(posed, settings, teacher, known=frozenset(), seed=0))
    assert len(found) == len(posed) == len(teacher.asked)
    for before, after in zip((each.problem for each in posed), found, strict=True):
        assert after.tags == before.tags | {TAG: KEPT}
        assert after.question.startswith("Please state the ")
        assert after.question.endswith(LISTED) is before.question.endswith(LISTED)
        same = {"id", "content", "question", "tags"}
        assert after.model_dump(exclude=same) == before.model_dump(exclude=same)
        assert after.id != before.id
    assert not any(LISTED in question for question in teacher.asked)
    assert f"paraphrases: {len(posed)} kept, 0 refused" in caplog.text


def test_where_no_rewording_holds_the_template_stays_and_the_reason_is_counted(
    plain: list[Problem], vocabulary: Vocabulary, caplog: pytest.LogCaptureFixture
) -> None:
    posed = posed_of(plain, vocabulary)
    settings = Paraphrase(teacher="rewords:", share=1.0, samples=1)
    with caplog.at_level(logging.INFO, "srm_knowledge"):
        found = list(reworded(posed, settings, Rewords("Name the {chain} of it."), known=frozenset(), seed=0))
    assert [p.question for p in found] == [each.problem.question for each in posed]
    assert [p.id for p in found] == [each.problem.id for each in posed]
    assert Counter(p.tags[TAG] for p in found) == {"a name is missing or repeated": len(posed)}
    assert f"paraphrases: 0 kept, {len(posed)} refused ({len(posed)}: a name is missing or repeated)" in caplog.text


def test_a_share_is_chosen_by_id_and_a_teacher_that_miscounts_is_refused(
    plain: list[Problem], vocabulary: Vocabulary
) -> None:
    posed = posed_of(plain, vocabulary)
    half = Paraphrase(teacher="rewords:", share=0.5, samples=1)
    teacher = Rewords("Please state the {chain} of the {start}.")
    first = list(reworded(posed, half, teacher, known=frozenset(), seed=0))
    assert 0.2 * len(posed) < sum(TAG in p.tags for p in first) < 0.8 * len(posed)
    assert first == list(reworded(posed, half, teacher, known=frozenset(), seed=0))
    alone = [p for each in posed for p in reworded([each], half, teacher, known=frozenset(), seed=0)]
    assert alone == first  # whoever is asked beside it
    with pytest.raises(ModelError, match="gave another number"):
        list(reworded(posed, half, Rewords("a", "b"), known=frozenset(), seed=0))


def test_a_phrasing_that_names_no_relation_is_not_reworded(plain: list[Problem]) -> None:
    each = Posed(plain[0].revised(tags=plain[0].tags | {"shape": "path"}), {"start": "saw", "chain": "nowhere"})
    (found,) = reworded([each], Paraphrase(teacher="t", share=1.0), Rewords(), known=frozenset(), seed=0)
    assert found.tags[TAG] == UNCHECKED
    assert found.question == plain[0].question


def test_a_mapping_names_the_teacher_and_its_words_are_kept_on_disk(
    vocabulary: Vocabulary, base: FolderKnowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = Rewords("For {start}, give the {chain}.")
    opened: list[str] = []

    class Opens:
        def load_model(self, ref: str) -> Rewords:
            opened.append(ref)
            return teacher

    monkeypatch.setattr(paraphrasing, "Host", Opens)
    asked = vocabulary.model_copy(update={"paraphrase": Paraphrase(teacher="rewords:", share=1.0, samples=1)})
    config = PackConfig(per_kind=10, kinds=("above", "how_many"), cache=str(tmp_path))
    found = list(problems(asked, base, config))
    bare = list(problems(vocabulary, base, config))
    assert [(p.anchor, p.answer) for p in found] == [(p.anchor, p.answer) for p in bare]
    assert Counter(p.tags[TAG] for p in found if p.kind == "above")[KEPT] >= 8
    assert all(p.question.startswith("For ") for p in found if p.tags[TAG] == KEPT)
    assert {p.tags[TAG] for p in found if p.kind == "how_many"} == {"it does not ask for a count"}
    assert all(isinstance(p.key, GraphKey) and p.facts and p.parents == p.facts for p in found)
    before = len(teacher.asked)
    assert list(problems(asked, base, config)) == found
    assert len(teacher.asked) == before  # what was said once is not asked again
    assert opened == ["rewords:"] * 2
    assert sum(tried(asked).values()) > 0
    assert opened == ["rewords:"] * 2  # a trial of the mapping asks nobody


def test_the_setting_is_read_from_the_mapping_and_a_wrong_one_is_refused(base: FolderKnowledge, tmp_path: Path) -> None:
    home = Path(__file__).parent / "vocabulary"
    written = (home / "workshop.toml").read_text(encoding="utf-8")
    (tmp_path / "workshop.ttl").write_text((home / "workshop.ttl").read_text(encoding="utf-8"), encoding="utf-8")
    file = tmp_path / "workshop.toml"
    file.write_text(f'{written}\n[paraphrase]\nteacher = "dir:teacher"\nshare = 0.25\n', encoding="utf-8")
    assert load_vocabulary(file).paraphrase == Paraphrase(teacher="dir:teacher", share=0.25, samples=3, temperature=0.8)
    file.write_text(f'{written}\n[paraphrase]\nteacher = "dir:teacher"\nshare = 0\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"paraphrase\.share"):
        load_vocabulary(file)
    file.write_text(f'{written}\n[paraphrase]\nteacher = "nobody:x"\n', encoding="utf-8")
    with pytest.raises(ModelError, match="'nobody'"):
        list(problems(load_vocabulary(file), base, PackConfig()))


def test_the_page_shows_the_setting_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "vocabulary.md").read_text(encoding="utf-8")
    (block,) = (text for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[paraphrase]" in text)
    said = Paraphrase.model_validate(tomllib.loads(block)["paraphrase"])
    assert said == Paraphrase(teacher=said.teacher)  # what it shows are the defaults


def test_what_a_teacher_is_asked(plain: list[Problem], vocabulary: Vocabulary) -> None:
    each = next(each for each in posed_of(plain, vocabulary) if each.problem.kind == "materials")
    made = template_of(each, frozenset({spoken("Saw")}))
    system, user = asking(made)
    assert "letter for letter" in system.content
    assert user.content == f'Question: {made.question}\nKeep exactly: "{each.names["start"]}", "materials"'
    assert made.answers == (each.problem.answer, *each.problem.answer.split("; "))
    assert LISTED not in made.question
