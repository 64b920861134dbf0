"""Our knowledge base as a langchain retriever; every document says where it comes from."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field, SkipValidation

from srm_core.protocols import Knowledge
from srm_core.records import Evidence


class KnowledgeRetriever(BaseRetriever):
    """Gives the ``k`` passages nearest in meaning, best first.

    A document's metadata holds ``cite`` (the id of its chunk), ``source``, ``licence`` (None if the knowledge base does
    not know the id) and ``score`` in [0, 1].
    """

    knowledge: SkipValidation[Knowledge] = Field(exclude=True)
    k: int = Field(default=4, ge=1)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        del run_manager
        return [self._document(found) for found in self.knowledge.search(query, self.k)]

    def _document(self, found: Evidence) -> Document:
        cite = found.cites[0]
        source, licence = self.knowledge.source_of(cite) or (None, None)
        metadata = {"cite": cite, "source": source, "licence": licence, "score": found.score}
        return Document(id=cite, page_content=found.text, metadata=metadata)
