"""Words of a text: what is indexed is found, also in another form, and no text can break a search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_agentd.memory.keywords import concepts, index_words, query_words
from llm_agentd.memory.reader import StoreReader
from llm_agentd.memory.retrieval import retrieve
from llm_agentd.memory.schema import Row, pair_scope
from llm_agentd.memory.sentences import FACT_MAX_CHARS
from llm_agentd.memory.store import Store
from tests.memory.talk import ANA


@given(text=st.text(max_size=200))
def test_indexed_text_is_found_by_its_own_words(text: str) -> None:
    indexed = set(index_words(text))
    assert set(query_words(text)) & indexed or not indexed


@pytest.mark.parametrize(
    ("statement", "question"), [("berries", "berry"), ("running", "runs"), ("Müller", "muller"), ("hides", "hiding")]
)
def test_word_is_found_in_another_form(statement: str, question: str) -> None:
    assert index_words(statement) == index_words(question)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Fills with what the test searched for."""
    store = Store(tmp_path_factory.mktemp("shared") / "memory.db", create=True)
    yield store
    store.close()


@settings(max_examples=300, deadline=None)
@given(said=st.text(max_size=300) | st.text('"*():^-+{}NEARANDORT \x00\ud800ſİ中文', max_size=60))
def test_no_text_of_a_player_breaks_the_search(store: Store, said: str) -> None:
    """`retrieve` and `matches` raise where SQLite refuses a query."""
    reader: StoreReader = store
    found = retrieve(reader, (), replace(ANA, player_text=said), 5)
    assert all(len(fact) <= FACT_MAX_CHARS + 20 for fact in found.facts)
    for word in query_words(said):
        reader.matches(pair_scope("npc-1", "Ana"), word)
    line = said.encode("utf-8", "replace").decode()
    with store.transaction():
        store.add(Row(store.newest_id() + 1, "exchange", "npc-1", "Mira", "Ana", "Oakford", line, line, "en", 1.0))


def test_plural_in_es_has_the_related_words_of_its_singular() -> None:
    assert "hag" in concepts("witches")[0]
