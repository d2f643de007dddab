"""What is open: by peer and id, the same record twice is one request, another one is refused."""

from __future__ import annotations

import pytest

from llm_agentd.errors import BadRequest
from llm_agentd.server.open_requests import OpenRequests

ANA, BEN = (b"ana",), (b"ben", b"")
RECORD = {"id": "a", "op": "infer", "prompt": "Hello", "stream": True}


@pytest.fixture
def open_requests() -> OpenRequests:
    requests = OpenRequests()
    requests.open(ANA, RECORD)
    return requests


def test_same_record_of_a_peer_is_open_already_whatever_the_order_of_its_fields(open_requests: OpenRequests) -> None:
    assert not open_requests.open(ANA, dict(reversed(RECORD.items())))


def test_record_sent_again_with_what_is_left_of_its_deadline_is_the_same(open_requests: OpenRequests) -> None:
    assert not open_requests.open(ANA, {**RECORD, "deadline_ms": 700})


def test_same_record_of_another_peer_is_another_request(open_requests: OpenRequests) -> None:
    assert open_requests.open(BEN, RECORD)


@pytest.mark.parametrize("fields", [{"prompt": "Goodbye"}, {"stream": 1}])
def test_other_content_under_an_open_id_is_refused(open_requests: OpenRequests, fields: dict[str, object]) -> None:
    with pytest.raises(BadRequest, match="in flight already with other content"):
        open_requests.open(ANA, RECORD | fields)
    assert not open_requests.open(ANA, RECORD), "the first one is still open"


def test_closed_id_may_be_used_again(open_requests: OpenRequests) -> None:
    assert open_requests.close(ANA, "a")
    assert not open_requests.close(ANA, "a")
    assert open_requests.open(ANA, {**RECORD, "prompt": "Goodbye"})


def test_close_peer_leaves_those_of_others(open_requests: OpenRequests) -> None:
    open_requests.open(BEN, RECORD)
    open_requests.close_peer(ANA)
    assert not open_requests.has_peer(ANA)
    assert open_requests.has_peer(BEN)
    assert len(open_requests) == 1


def test_close_all_gives_what_was_open_and_leaves_nothing(open_requests: OpenRequests) -> None:
    open_requests.open(BEN, RECORD)
    assert open_requests.close_all() == [(ANA, RECORD), (BEN, RECORD)]
    assert len(open_requests) == 0
