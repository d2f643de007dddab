"""Engines: what turns tokens into text. `open_engine` is the only way in.

Native libraries load when an engine that needs one is opened, so this package and the stub engine can be imported
without any of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from llm_agentd.engines.base import Engine
from llm_agentd.engines.llama.binding import Binding, KvType
from llm_agentd.engines.model_shape import pooling_of, read_model_header
from llm_agentd.engines.proof.choice import PACKAGES, REFERENCE, Choice, choose, installed
from llm_agentd.engines.threads import is_tiny, pick_threads
from llm_agentd.errors import StartError

if TYPE_CHECKING:  # it loads numpy, which the stub and a remote model need not
    from llm_agentd.engines.llama.embedding import Embedder

log = logging.getLogger(__name__)

EMBEDDED_MODEL = Path(__file__).resolve().parent.parent / "models" / "hearthling.gguf"


def open_engine(
    name: str,
    *,
    path: Path | None = None,
    model_id: str | None = None,
    context_tokens: int | None = None,
    threads: int | None = None,
    gpu_layers: int = 0,
    max_num_seqs: int = 8,
    kv_type: KvType = "f16",
    proves: bool = False,
    kept_in: Path | None = None,
) -> Engine:
    """The engine `name` of config.values.ENGINES with its model loaded; `path` None is the embedded model.

    `auto` is llama_native where that is installed and works, else llama. With `proves` it is the fastest that proves
    itself on this file, and a named engine proves itself too (`engines/proof`); what was found is kept in the folder
    `kept_in`. Call it on the thread that will step the engine: the threads of a decode inherit that thread's CPUs and
    niceness. Raises StartError that says what is wrong with the file, the library or the settings.
    """
    if name == "stub":
        from llm_agentd.engines.stub.engine import StubEngine

        return StubEngine(model_id=model_id or "stub", context_tokens=context_tokens, max_num_seqs=max_num_seqs)
    file = path or EMBEDDED_MODEL
    if path is None and not file.is_file():
        raise StartError(f"the embedded model {file} is missing: install llm-agentd again, or set model.path")
    if name in (*PACKAGES, "auto") and pooling_of(read_model_header(file)) is not None:
        return _open_embedding(name, file, model_id, context_tokens, threads, gpu_layers, max_num_seqs)
    choice = Choice(name)
    if proves and not gpu_layers:
        choice = _proven(name, file, kept_in, threads=threads, max_num_seqs=max_num_seqs, kv_type=kv_type)
    name = pick_llama() if choice.engine == "auto" else choice.engine
    if name in PACKAGES:
        from llm_agentd.engines.llama.engine import LlamaEngine

        return LlamaEngine(
            name,
            open_binding(name),
            file,
            model_id=model_id,
            context_tokens=context_tokens,
            threads=threads,
            gpu_layers=gpu_layers,
            max_num_seqs=max_num_seqs,
            kv_type=kv_type,
            rows_max=choice.rows_max,
            candidates=choice.candidates,
        )
    if name == "ctransformers":
        from llm_agentd.engines.ctransformers import CTransformersEngine

        return CTransformersEngine(
            file, model_id=model_id, context_tokens=context_tokens, threads=threads, gpu_layers=gpu_layers
        )
    if name == "openai":
        raise StartError("model.engine is openai, which has no model on this machine; this needs one: set it to auto")
    from llm_agentd.config.values import ENGINES  # it loads what the children that prove have no use for

    raise StartError(f"model.engine: {name!r} is not one of {', '.join(ENGINES)}")


def _proven(
    name: str, path: Path, folder: Path | None, *, threads: int | None, max_num_seqs: int, kv_type: KvType
) -> Choice:
    """What `auto` or a named engine comes to. Nothing is measured where there is nothing to choose: for the engine that
    the others are compared with, and with `auto` where one library alone is installed, or where the model is so small
    that each of them computes it in no time.
    """
    there = installed()
    if name == REFERENCE or name not in ("auto", *there):
        return Choice(name)
    try:
        parameters = read_model_header(path).parameters
    except StartError:
        return Choice(name)  # opening it says the same, and more
    if name == "auto" and (len(there) < 2 or is_tiny(parameters)):
        return Choice(name)
    usual = pick_llama() if name == "auto" else REFERENCE
    names = [other for other in there if name in ("auto", other) or other == usual]
    names.sort(key=lambda other: other != usual)
    return choose(
        names,
        path,
        folder,
        wanted="" if name == "auto" else name,
        threads=threads or pick_threads(parameters),
        max_num_seqs=max_num_seqs,
        kv_type=kv_type,
    )


def pick_llama() -> str:
    """`llama_native` where llama-cpp-python is installed and works, else `llama`; the log says what does not work."""
    if find_spec("llama_cpp") is None:
        return "llama"
    try:
        open_binding("llama_native")
    except StartError as error:
        log.warning("model.engine auto takes engine llama: %s", error)
        return "llama"
    return "llama_native"


def open_binding(name: str) -> Callable[..., Binding]:
    """The binding of one of PACKAGES, whose library is loaded by it. Raises StartError where that fails."""
    if name == "llama":
        from llm_agentd.engines.llama.cyllama_binding import CyllamaBinding

        return CyllamaBinding
    if name == "llama_ik":
        from llm_agentd.engines.llama.ik.binding import IkBinding

        return IkBinding
    from llm_agentd.engines.llama.native_library import check_build

    check_build()
    from llm_agentd.engines.llama.native_binding import NativeBinding

    return NativeBinding


def _open_embedding(
    name: str,
    file: Path,
    model_id: str | None,
    context_tokens: int | None,
    threads: int | None,
    gpu_layers: int,
    max_num_seqs: int,
) -> Engine:
    """Of a model that computes embeddings, and so has nothing to prove of its words."""
    from llm_agentd.engines.llama.embedding import EmbeddingEngine

    name = pick_llama() if name == "auto" else name
    return EmbeddingEngine(
        name,
        open_embedder(name),
        file,
        model_id=model_id,
        context_tokens=context_tokens,
        threads=threads,
        gpu_layers=gpu_layers,
        max_num_seqs=max_num_seqs,
    )


def open_embedder(name: str) -> Callable[..., Embedder]:
    """For a model that computes embeddings. Raises StartError where the library cannot."""
    if name == "llama":
        from llm_agentd.engines.llama.cyllama_embedder import CyllamaEmbedder

        return CyllamaEmbedder
    if name == "llama_native":
        open_binding(name)  # a build that would crash is refused
        from llm_agentd.engines.llama.native_embedder import NativeEmbedder

        return NativeEmbedder
    raise StartError(f"model.engine: {name} computes no embeddings, and this model does nothing else; set it to auto")
