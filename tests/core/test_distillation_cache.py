"""Finished calls survive damage and kills; recordings replay them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from srm_core.distillation.cache import CachedModel, CallCache
from srm_core.errors import ArtifactError, ModelError
from srm_core.models.recorded import RecordedModel, recording
from srm_core.protocols import Conversation
from srm_core.records import Completion, Message, Sampling


def talk(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=text),)


def completion(text: str) -> Completion:
    return Completion(text=text, finished=True, tokens=1)


class Counting:
    """Answers with the question and the number of the draw; counts what it was asked."""

    def __init__(self, ref: str = "counting:") -> None:
        self.ref = ref
        self.asked: list[str] = []

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        self.asked += [conversation[-1].content for conversation in conversations]
        return [
            [completion(f"{conversation[-1].content}/{n}/{len(self.asked)}") for n in range(sampling.n)]
            for conversation in conversations
        ]


class OneByOne(Counting):
    """Gives its calls one by one and fails on request."""

    fails_at = -1

    def calls(
        self, requests: Sequence[tuple[Conversation, int]], sampling: Sampling
    ) -> Iterator[tuple[int, Completion]]:
        for position in reversed(range(len(requests))):
            conversation, index = requests[position]
            if len(self.asked) == self.fails_at:
                raise ModelError("the line is dead")
            self.asked.append(f"{conversation[-1].content}/{index}")
            yield position, completion(self.asked[-1])


def test_what_was_answered_once_is_never_asked_again(tmp_path: Path) -> None:
    model, sampling = Counting(), Sampling(n=2)
    with CachedModel(model, tmp_path / "calls.jsonl") as cached:
        first = cached.generate([talk("a"), talk("b")], sampling)
        assert (cached.asked, cached.kept) == (4, 0)
    with CachedModel(model, tmp_path / "calls.jsonl") as cached:
        again = cached.generate([talk("b"), talk("c"), talk("a")], sampling)
        assert (cached.asked, cached.kept) == (2, 4)
    assert model.asked == ["a", "b", "c"]
    assert [again[2], again[0]] == first


def test_another_model_sampling_or_question_is_another_call(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    requests = [
        ("one:", "a", Sampling()),
        ("two:", "a", Sampling()),
        ("one:", "a", Sampling(seed=1)),
        ("one:", "b", Sampling()),
    ]
    for ref, text, sampling in requests:
        with CachedModel(Counting(ref), path) as cached:
            cached.generate([talk(text)], sampling)
            assert cached.asked == 1


def test_equal_conversations_of_one_batch_share_their_answer(tmp_path: Path) -> None:
    model = Counting()
    with CachedModel(model, tmp_path / "calls.jsonl") as cached:
        found = cached.generate([talk("a"), talk("a")], Sampling())
    assert model.asked == ["a"]
    assert found[0] == found[1]


def test_a_model_that_gives_too_few_completions_is_an_error(tmp_path: Path) -> None:
    class Short(Counting):
        def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
            return [[completion("x")]]

    with CachedModel(Short(), tmp_path / "calls.jsonl") as cached, pytest.raises(ModelError, match="gave"):
        cached.generate([talk("a"), talk("b")], Sampling())


class Scoring(Counting):
    """Scores a text by its length; counts what it was asked."""

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        self.asked += continuations
        return [[-float(len(text)), -0.5] for text in continuations]


def test_a_score_given_once_is_never_computed_again_and_is_no_answer(tmp_path: Path) -> None:
    with CachedModel(Scoring(), tmp_path / "calls") as model:
        assert model.score([talk("a"), talk("b")], ["xx", "yyy"]) == [(-2.0, -0.5), (-3.0, -0.5)]
    again = Scoring()
    with CachedModel(again, tmp_path / "calls") as model:
        assert model.score([talk("b"), talk("c")], ["yyy", "z"]) == [(-3.0, -0.5), (-1.0, -0.5)]
        assert again.asked == ["z"]
        assert model.generate([talk("a")], Sampling())[0][0].text.startswith("a/0")


def test_a_model_that_cannot_score_says_so_through_the_cache(tmp_path: Path) -> None:
    with CachedModel(Counting(), tmp_path / "calls") as model:
        assert model.score([talk("a")], ["x"]) is None


def test_single_calls_of_an_endpoint_are_kept_although_a_later_one_fails(tmp_path: Path) -> None:
    model, sampling = OneByOne(), Sampling(n=2)
    model.fails_at = 3
    with CachedModel(model, tmp_path / "calls.jsonl") as cached, pytest.raises(ModelError, match="dead"):
        cached.generate([talk("a"), talk("b")], sampling)
    model.fails_at = -1
    with CachedModel(model, tmp_path / "calls.jsonl") as cached:
        found = cached.generate([talk("a"), talk("b")], sampling)
        assert (cached.asked, cached.kept) == (1, 3)
    assert sorted(model.asked) == ["a/0", "a/1", "b/0", "b/1"]
    assert [[sample.text for sample in row] for row in found] == [["a/0", "a/1"], ["b/0", "b/1"]]


@pytest.mark.parametrize("cut", [1, 2, 40, 100])
def test_a_torn_last_line_is_dropped_and_the_file_goes_on(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "calls.jsonl"
    with CallCache(path) as cache:
        cache.put({"first": completion("1")})
        cache.put({"second": completion("2"), "third": completion("3")})
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with CallCache(path) as cache:
        assert cache.dropped == len(whole.splitlines(keepends=True)[1]) - cut
        assert cache.get("first") == completion("1")
        assert cache.get("second") is None
        assert cache.get("third") is None
        cache.put({"fourth": completion("4")})
    with CallCache(path) as cache:
        assert (cache.dropped, len(cache)) == (0, 2)
        assert cache.get("fourth") == completion("4")


def test_damage_before_the_last_line_is_an_error_that_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with CallCache(path) as cache:
        for name in ("one", "two", "three"):
            cache.put({name: completion(name)})
    path.write_bytes(path.read_bytes().replace(b'"two", "finished"', b'"2", "finished"'))
    with pytest.raises(ArtifactError, match=r"calls\.jsonl, line 2 is damaged"):
        CallCache(path)


def test_a_second_process_is_told_that_the_file_is_held(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from srm_core.distillation.cache import CallCache; CallCache(pathlib.Path(sys.argv[1]))"
    )
    with CallCache(tmp_path / "calls.jsonl"):
        run = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "calls.jsonl"], capture_output=True, text=True, check=False
        )
    assert run.returncode != 0
    assert "is held by another process" in run.stderr


WORKER = """
import os, sys, time
from pathlib import Path
from srm_core.distillation.cache import CachedModel
from srm_core.records import Completion, Message, Sampling

path, log = Path(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND)

def note(what, text):
    os.write(log, f"{what} {text}\\n".encode())

class Teacher:
    ref = "teacher:"

    def generate(self, conversations, sampling):
        for conversation in conversations:
            note("asked", conversation[-1].content)
        time.sleep(0.004)
        return [[Completion(text=talk[-1].content * 50, finished=True, tokens=1)] for talk in conversations]

def distill():
    with CachedModel(Teacher(), path) as model:
        note("start", "")
        for start in range(0, 400, 4):
            texts = [str(n) for n in range(start, start + 4)]
            answers = model.generate([(Message(role="user", content=text),) for text in texts], Sampling())
            assert [row[0].text for row in answers] == [text * 50 for text in texts]
            for text in texts:
                note("acknowledged", text)
    note("end", "")

for line in sys.stdin:  # one import for all runs: each line forks one
    child = os.fork()
    if child == 0:
        distill()
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


def test_twelve_kills_at_random_moments_lose_no_acknowledged_call(tmp_path: Path) -> None:
    path, log = tmp_path / "calls.jsonl", tmp_path / "log"
    log.touch()
    moments = random.Random(12)
    command = [sys.executable, "-c", WORKER, path, log]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as runs:
        assert runs.stdin is not None
        assert runs.stdout is not None
        statuses = []
        for kill in [True] * 12 + [False]:
            started = log.read_text().count("start")
            runs.stdin.write("go\n")
            child = int(runs.stdout.readline())
            while kill and log.read_text().count("start") == started:
                time.sleep(0.001)
            time.sleep(moments.uniform(0.0, 0.05))
            if kill:
                os.kill(child, signal.SIGKILL)
            statuses.append(int(runs.stdout.readline()))
        runs.stdin.close()
    assert statuses == [signal.SIGKILL] * 12 + [0]
    acknowledged: set[str] = set()
    asked = 0
    for line in log.read_text().splitlines():
        what, _, text = line.partition(" ")
        if what == "asked":
            assert text not in acknowledged, f"call {text} was acknowledged and asked again"
            asked += 1
        elif what == "acknowledged":
            acknowledged.add(text)
    assert acknowledged == {str(n) for n in range(400)}
    assert asked <= 400 + 12 * 4  # at most the batch under way is asked again after a kill


def test_a_recording_replays_without_the_model(tmp_path: Path) -> None:
    path, sampling = tmp_path / "teacher.jsonl", Sampling(n=2, temperature=0.7)
    said = recording(Counting(), path).generate([talk("a"), talk("b")], sampling)
    replay = RecordedModel(path)
    assert replay.ref == f"recorded:{path}"
    assert replay.generate([talk("b"), talk("a")], sampling) == [said[1], said[0]]


def test_a_request_that_was_never_recorded_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "teacher.jsonl"
    recording(Counting(), path).generate([talk("a")], Sampling())
    with pytest.raises(ModelError, match="ends in 'z'"):
        RecordedModel(path).generate([talk("z")], Sampling())
    with pytest.raises(ModelError, match="sampling settings"):
        RecordedModel(path).generate([talk("a")], Sampling(seed=1))


def test_a_request_recorded_again_replays_its_later_answer(tmp_path: Path) -> None:
    path, model = tmp_path / "teacher.jsonl", Counting()
    recording(model, path).generate([talk("a")], Sampling())
    later = recording(model, path).generate([talk("a")], Sampling())
    assert RecordedModel(path).generate([talk("a")], Sampling()) == later


def test_an_edited_or_broken_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "teacher.jsonl"
    recording(Counting(), path).generate([talk("a")], Sampling())
    line = json.loads(path.read_text())
    line["conversation"][0]["content"] = "another question"
    path.write_text(json.dumps(line) + "\n")
    with pytest.raises(ModelError, match="line 1 was edited"):
        RecordedModel(path)
    path.write_text("\n{not json\n")
    with pytest.raises(ModelError, match="line 2 is no recorded exchange"):
        RecordedModel(path)
    with pytest.raises(ModelError, match="there is no such file"):
        RecordedModel(tmp_path / "absent.jsonl")
