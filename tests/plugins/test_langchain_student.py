"""Our student and our knowledge inside langchain programs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from srm_plugin_langchain.retriever import KnowledgeRetriever
from srm_plugin_langchain.student import StudentChat

from srm_core.errors import ConfigError
from srm_core.protocols import Conversation
from srm_core.records import Chunk, Completion, Evidence, Sampling, Triple


class Echo:
    """Answers with what the last turn said, remembers what it was asked."""

    ref = "echo:"

    def __init__(self) -> None:
        self.asked: list[tuple[Conversation, Sampling]] = []

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        self.asked += [(conversation, sampling) for conversation in conversations]
        return [
            [
                Completion(text=f"{talk[-1].content} #{n}", finished=n == 0, tokens=3, prompt_ids=(1, 2))
                for n in range(sampling.n)
            ]
            for talk in conversations
        ]


class Shelf:
    """A knowledge base of two passages."""

    def add(self, chunks: Iterable[Chunk], triples: Iterable[Triple]) -> None:
        raise NotImplementedError

    def search(self, text: str, k: int) -> list[Evidence]:
        found = [
            Evidence(text=f"about {text}", cites=("chunk-1",), score=0.9),
            Evidence(text="else", cites=("chunk-2",)),
        ]
        return found[:k]

    def facts(
        self, subject: str | None = None, predicate: str | None = None, object: str | None = None
    ) -> Iterable[Triple]:
        return ()

    def query(self, template: str, bindings: Mapping[str, str]) -> list[dict[str, str]]:
        return []

    def source_of(self, cite: str) -> tuple[str, str] | None:
        return ("HPO", "CC-BY-4.0") if cite == "chunk-1" else None


def test_the_student_answers_like_any_chat_model() -> None:
    student = Echo()
    chat = StudentChat(model=student)
    answer = chat.invoke([SystemMessage("Be brief."), HumanMessage("first"), AIMessage("ok"), HumanMessage("second")])
    assert answer.content == "second #0"
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.usage_metadata == {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5}
    conversation, sampling = student.asked[0]
    assert [message.role for message in conversation] == ["system", "user", "assistant", "user"]
    assert sampling == Sampling()


def test_settings_and_stops_of_one_call_reach_the_student() -> None:
    student = Echo()
    chat = StudentChat(model=student, sampling=Sampling(max_tokens=9, seed=4))
    answer = chat.invoke("one STOP two", stop=["STOP"], temperature=0.5)
    assert answer.content == "one "
    assert student.asked[0][1] == Sampling(max_tokens=9, seed=4, temperature=0.5, stop=("STOP",))


def test_several_samples_are_several_generations() -> None:
    result = StudentChat(model=Echo()).generate([[HumanMessage("a")]], n=2)
    assert [generation.text for generation in result.generations[0]] == ["a #0", "a #1"]
    assert result.generations[0][1].message.response_metadata["finish_reason"] == "length"


def test_the_student_runs_inside_a_chain() -> None:
    chain = ChatPromptTemplate.from_messages([("human", "{word}")]) | StudentChat(model=Echo()) | StrOutputParser()
    assert chain.invoke({"word": "hello"}) == "hello #0"
    assert chain.batch([{"word": "a"}, {"word": "b"}]) == ["a #0", "b #0"]


def test_a_setting_the_student_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'temperature'"):
        StudentChat(model=Echo()).invoke("a", temprature=1)


def test_messages_the_student_cannot_read_are_refused() -> None:
    chat = StudentChat(model=Echo())
    with pytest.raises(ConfigError, match="'tool' message"):
        chat.invoke([ToolMessage("3", tool_call_id="1")])
    with pytest.raises(ConfigError, match="'image_url'"):
        chat.invoke([HumanMessage([{"type": "image_url", "image_url": {"url": "data:,"}}])])


def test_retrieved_documents_carry_their_source_licence_and_cite() -> None:
    documents = KnowledgeRetriever(knowledge=Shelf(), k=2).invoke("asthma")
    assert [document.page_content for document in documents] == ["about asthma", "else"]
    assert documents[0].id == "chunk-1"
    assert documents[0].metadata == {"cite": "chunk-1", "source": "HPO", "licence": "CC-BY-4.0", "score": 0.9}
    assert documents[1].metadata["licence"] is None


def test_importing_the_hooks_loads_neither_langchain_nor_torch() -> None:
    code = "import sys, srm_plugin_langchain.hooks; print([m for m in ('langchain_core', 'openai', 'torch') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
