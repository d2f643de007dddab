"""How `llama_ik` finds and checks its library, and that no copy of llama.cpp in a process calls into another."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from ctypes import Structure, c_uint32
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from llm_agentd.engines.llama.ik import library
from llm_agentd.engines.llama.ik.llama_h import FUNCTIONS, HEADER_SIZES, Batch, ContextParams, ModelParams
from llm_agentd.errors import StartError

# What copies may share, as the linker has one of each in a process: constants, the same in each.
SHARED = re.compile(r"^_ZSt19piecewise_construct$|^(_ZGV|_Z)Z?NK?St|^_ZZN25llm_tokenizer_bpe_session8tokenize.*E3hex$")
BOUND = re.compile(r"binding file (\S+) \[0\] to (\S+) \[0\]: \w+ symbol `(\w+)'")
PACKAGES = {"cyllama": "cyllama", "llama_cpp": "llama_cpp", "ik_llama_cpp": "ik", "ik_llama_cpp_python.libs": "ik"}
ENGINES = ["llama", *(["llama_native"] if find_spec("llama_cpp") else []), "llama_ik"]


@pytest.mark.parametrize("struct", [ModelParams, ContextParams, Batch])
def test_library_with_structures_of_another_size_is_refused(
    struct: type[Structure], monkeypatch: pytest.MonkeyPatch
) -> None:
    size = HEADER_SIZES[struct]
    monkeypatch.setitem(HEADER_SIZES, struct, size - 8)
    with pytest.raises(StartError) as caught:
        library.check_structs(library.lib)
    assert f"has a {struct.__name__} of {size} bytes, not {size - 8}" in str(caught.value)
    assert "pip install 'llm-agentd[ik]'" in str(caught.value)


def test_library_with_other_fields_in_structures_of_the_same_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = ContextParams._fields_
    swapped = [("n_ctx", c_uint32), ("seed", c_uint32), *fields[2:]]
    other = type("llama_context_params", (Structure,), {"_fields_": swapped})
    monkeypatch.setattr(library.lib.llama_context_default_params, "restype", other)
    with pytest.raises(StartError, match="other structures than this program knows"):
        library.check_structs(library.lib)


def test_processor_without_avx2_is_refused_before_the_library_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "cpu_flags", lambda: frozenset({"sse4_2", "f16c"}))
    monkeypatch.setattr("ctypes.CDLL", None)
    with pytest.raises(StartError, match="here is no avx2, fma; use engine llama"):
        library.open_library()


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ik_llama_cpp", None)
    with pytest.raises(StartError, match=r"^engine llama_ik: .* is not installed; pip install 'llm-agentd\[ik\]'$"):
        library.open_library()


def test_library_that_lacks_a_function_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "llama_not_yet_written", (None, ()))
    with pytest.raises(StartError, match=r"does not load .*llama_not_yet_written.*use engine llama"):
        library.open_library()


# Each engine writes twelve tokens, one after the other by turns, beside all that were opened before it.
TALK = """
import sys
from pathlib import Path
from llm_agentd.engines import open_engine
from llm_agentd.types import Message, Sampling
path, *names = sys.argv[1:]
greedy = Sampling(temperature=0, max_tokens=12)
engines = [open_engine(name, path=Path(path), threads=2, max_num_seqs=2) for name in names]
texts = [b""] * len(engines)
for engine in engines:
    engine.start(0, engine.encode(None, [Message("user", "What is on the hill?")], greedy), greedy)
ended = set()
while len(ended) < len(engines):
    for number, engine in enumerate(engines):
        for piece in engine.step():
            texts[number] += piece.data
            if piece.finish:
                ended.add(number)
print([text.hex() for text in texts])
for engine in engines:
    engine.close()
"""


def _talk(path: Path, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", TALK, str(path), *names]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)


@pytest.mark.slow
def test_all_copies_in_one_process_speak_as_each_alone(models: SimpleNamespace) -> None:
    alone = [_talk(models.wild, name).stdout for name in ENGINES]
    together = _talk(models.wild, *ENGINES).stdout
    reversed_order = _talk(models.wild, *reversed(ENGINES)).stdout
    texts = [line.strip("[]\n") for line in alone]
    assert together.strip("[]\n").split(", ") == texts
    assert reversed_order.strip("[]\n").split(", ") == texts[::-1]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads what glibc's linker tells")
@pytest.mark.parametrize("names", [ENGINES, ENGINES[::-1]], ids=["ik last", "ik first"])
def test_no_copy_of_llama_cpp_calls_into_another(models: SimpleNamespace, names: list[str]) -> None:
    told = _talk(models.chain, *names, LD_DEBUG="bindings", LD_BIND_NOW="1").stderr
    bound = [(_package(source), _package(target), symbol) for source, target, symbol in BOUND.findall(told)]
    assert sum(source == target == "ik" for source, target, _ in bound) > 1000
    across = {symbol for source, target, symbol in bound if source and target and source != target}
    assert {symbol for symbol in across if not SHARED.search(symbol)} == set()


def _package(path: str) -> str:
    return next((PACKAGES[part] for part in Path(path).parts if part in PACKAGES), "")
