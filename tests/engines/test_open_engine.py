"""Which engine a name opens, and what happens where a library is missing, does not load or would crash."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llm_agentd import engines
from llm_agentd.config.values import ENGINES
from llm_agentd.engines import open_binding, open_engine
from llm_agentd.engines.base import Candidate
from llm_agentd.engines.proof.choice import Choice
from llm_agentd.errors import StartError
from tests.engines.conftest import OpenModel

HAS_NATIVE = find_spec("llama_cpp") is not None  # the extra `native`
needs_native = pytest.mark.skipif(not HAS_NATIVE, reason="llama-cpp-python (the extra `native`) is not installed")


def test_auto_is_native_where_that_is_installed(models: SimpleNamespace, open_model: OpenModel) -> None:
    info = open_model("auto", models.chain, model_id="mine", max_num_seqs=3).info
    assert info.engine == ("llama_native" if HAS_NATIVE else "llama")
    assert (info.model, info.max_num_seqs) == ("mine", 3)


def test_stub_needs_no_file() -> None:
    info = open_engine("stub", context_tokens=99, max_num_seqs=5).info
    assert (info.engine, info.context_tokens, info.max_num_seqs) == ("stub", 99, 5)


def test_unknown_engine_is_named(models: SimpleNamespace) -> None:
    with pytest.raises(StartError, match=r"model\.engine: 'tpu'"):
        open_engine("tpu", path=models.chain)


# `stub` wants no file; `openai` is opened with a pool of servers (engines/openai).
@pytest.mark.parametrize("name", [name for name in ENGINES if name not in ("stub", "openai")])
def test_every_engine_of_the_configuration_can_be_opened(name: str, tmp_path: Path) -> None:
    with pytest.raises(StartError) as caught:
        open_engine(name, path=tmp_path / "gone.gguf")
    assert "is not one of" not in str(caught.value)


def test_missing_embedded_model_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engines, "EMBEDDED_MODEL", tmp_path / "hearthling.gguf")
    with pytest.raises(StartError, match=r"embedded model .*hearthling\.gguf is missing"):
        open_engine("auto")


# -- proven and chosen (`proof/`) ----------------------------------------------------------------------


class Chooser:
    """In the place of `choose`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
        self.asked: list[tuple[list[str], dict[str, Any]]] = []
        monkeypatch.setattr(engines, "choose", self)
        monkeypatch.setattr(engines, "installed", lambda: list(there))
        monkeypatch.setattr(engines, "pick_llama", lambda: there[0])

    def __call__(self, names: list[str], path: Path, folder: Path | None, **settings: Any) -> Choice:
        self.asked.append((names, settings))
        found = Candidate("llama", "cyllama 1", 100.0, 50.0, 24, "longer parts than 24 tokens would be wrong")
        return Choice("llama", 24, (found,))


@pytest.mark.parametrize(
    ("name", "there"), [("auto", ["llama"]), ("auto", ["llama", "llama_ik"]), ("llama", ["llama", "llama_ik"])]
)
def test_where_there_is_nothing_to_choose_nothing_is_measured(
    name: str, there: list[str], models: SimpleNamespace, open_model: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One library; a tiny model, which all compute in no time; the one that others are compared with."""
    chooser = Chooser(monkeypatch, *there)
    info = open_model(name, models.chain, proves=True).info
    assert (info.engine, info.candidates, chooser.asked) == ("llama", (), [])


def test_without_proof_nothing_is_measured(
    models: SimpleNamespace, open_model: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    chooser = Chooser(monkeypatch, "llama", "llama_ik")
    monkeypatch.setattr(engines, "is_tiny", lambda parameters: False)
    assert open_model("auto", models.chain).info.candidates == ()
    assert chooser.asked == []


@pytest.mark.parametrize(
    ("name", "names", "wanted"),
    [
        ("auto", ["llama_native", "llama", "llama_ik"], ""),
        ("llama_ik", ["llama", "llama_ik"], "llama_ik"),
        ("llama_native", ["llama", "llama_native"], "llama_native"),
    ],
)
def test_others_prove_themselves_and_what_was_found_holds_for_the_engine(
    name: str,
    names: list[str],
    wanted: str,
    models: SimpleNamespace,
    open_model: OpenModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chooser = Chooser(monkeypatch, "llama_native", "llama", "llama_ik")
    monkeypatch.setattr(engines, "is_tiny", lambda parameters: False)
    info = open_model(name, models.chain, proves=True, max_num_seqs=3, threads=1).info
    assert chooser.asked == [(names, {"wanted": wanted, "threads": 1, "max_num_seqs": 3, "kv_type": "f16"})]
    assert (info.engine, info.candidates[0].rows_max) == ("llama", 24)


# -- libraries that are missing, broken or dangerous ---------------------------------------------------


@pytest.fixture
def amx_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """llama-cpp-python as compiled on a processor with AMX."""
    from llama_cpp import llama_cpp

    info = llama_cpp.llama_print_system_info()
    monkeypatch.setattr(llama_cpp, "llama_print_system_info", lambda: info + b"AMX_INT8 = 1 | ")


@needs_native
@pytest.mark.usefixtures("amx_build")
def test_native_build_with_amx_is_refused_with_the_cure_in_one_line(models: SimpleNamespace) -> None:
    with pytest.raises(StartError) as caught:
        open_engine("llama_native", path=models.chain)
    message = str(caught.value)
    assert "AMX" in message
    assert (
        'CMAKE_ARGS="-DCMAKE_C_FLAGS=-mno-amx-int8 -DCMAKE_CXX_FLAGS=-mno-amx-int8" '
        "pip install --force-reinstall --no-cache-dir llama-cpp-python"
    ) in message
    assert "\n" not in message


@needs_native
@pytest.mark.usefixtures("amx_build")
def test_auto_with_an_amx_build_warns_and_takes_llama(
    models: SimpleNamespace, open_model: OpenModel, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert open_model("auto", models.chain).info.engine == "llama"
    assert "model.engine auto takes engine llama" in caplog.text
    assert "-mno-amx-int8" in caplog.text


def test_openai_is_no_engine_of_a_command_that_wants_a_model_here() -> None:
    with pytest.raises(StartError, match="no model on this machine"):
        open_engine("openai")


BROKEN_LIBRARY = """
import sys
from pathlib import Path
from llm_agentd.engines import open_engine
print(open_engine("auto", path=Path(sys.argv[1])).info.engine)
"""


def test_auto_with_a_native_library_that_does_not_load_warns_and_takes_llama(
    models: SimpleNamespace, tmp_path: Path
) -> None:
    (tmp_path / "llama_cpp").mkdir()
    (tmp_path / "llama_cpp" / "__init__.py").write_text("raise OSError('libllama.so: wrong ELF class')\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{BROKEN_LIBRARY}"
    ran = subprocess.run([sys.executable, "-c", code, models.chain], capture_output=True, text=True, check=False)
    assert ran.stdout == "llama\n", ran.stderr
    assert "libllama.so: wrong ELF class" in ran.stderr


WITHOUT_LIBRARIES = """
import sys
for name in ("cyllama", "llama_cpp", "ik_llama_cpp", "ctransformers"):
    sys.modules[name] = None  # as if it were not installed
from pathlib import Path
from llm_agentd.engines import chat_template, gguf, open_engine
from llm_agentd.errors import StartError
print(open_engine("stub").info.engine)
for name in ("llama", "llama_native", "llama_ik", "ctransformers"):
    try:
        open_engine(name, path=Path(sys.argv[1]))
    except StartError as error:
        print(error)
"""


def test_without_native_libraries_the_stub_opens_and_the_others_say_what_is_missing(models: SimpleNamespace) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBRARIES, models.chain], capture_output=True, text=True, check=False
    )
    stub, *errors = ran.stdout.splitlines()
    assert stub == "stub", ran.stderr
    assert [re.split(" does not load| is not installed", error)[0] for error in errors] == [
        "engine llama: cyllama",
        "engine llama_native: llama-cpp-python",
        "engine llama_ik: ik-llama-cpp-python",
        "engine ctransformers",
    ]


@pytest.mark.parametrize("name", ["llama", *(["llama_native"] if HAS_NATIVE else [])])
def test_open_binding_gives_the_class_of_the_name(name: str) -> None:
    assert open_binding(name).__name__ == ("CyllamaBinding" if name == "llama" else "NativeBinding")


WITHOUT_CYLLAMA = """
import sys
for name in ("cyllama", "ctransformers"):
    sys.modules[name] = None  # as on a Raspberry Pi, for which cyllama has no wheel
from pathlib import Path
from llm_agentd.engines import open_engine
from llm_agentd.engines.llama.quantize import main
from llm_agentd.engines.llama.grammar.schema_converter import schema_to_grammar
source, target = sys.argv[1:]
engine = open_engine("auto", path=Path(source))
print(engine.info.engine)
print(schema_to_grammar({"type": "string", "enum": ["yes", "no"]}))
print(main([source, target, "7", "1", "yes"]), Path(target).stat().st_size > 0)
print(main([source + ".missing", target, "7", "1", "yes"]))
"""


@pytest.mark.skipif(not HAS_NATIVE, reason="llama-cpp-python (the extra `native`) is not installed")
def test_without_cyllama_the_native_library_does_all_it_did(models: SimpleNamespace, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_CYLLAMA, models.chain, str(tmp_path / "q8_0.gguf")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.stdout.startswith("llama_native\n"), ran.stderr
    assert r'root ::= "\"yes\"" | "\"no\""' in ran.stdout.replace(" (", " ").replace(") ", " ")
    assert ran.stdout.endswith("0 True\n1\n"), ran.stderr


IMPORT_ALL = """
import importlib, pkgutil, sys
for name in ("cyllama", "llama_cpp", "ik_llama_cpp", "ctransformers"):
    sys.modules[name] = None
import llm_agentd
from llm_agentd.errors import StartError
for module in pkgutil.walk_packages(llm_agentd.__path__, "llm_agentd."):
    if module.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(module.name)
    except StartError:
        print(module.name)
"""


def test_only_the_bindings_need_a_library_that_computes_models() -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True)
    prefix = "llm_agentd.engines.llama."
    modules = {line.removeprefix(prefix) for line in ran.stdout.splitlines()}
    assert modules == {
        *("cyllama_binding", "native_binding", "native_library", "native_samplers"),
        *("cyllama_embedder", "native_embedder"),
        *("ik.binding", "ik.library", "ik.samplers"),
    }
