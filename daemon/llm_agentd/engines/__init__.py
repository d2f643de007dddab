"""Engines: what turns tokens into text. `open_engine` is the only way in.

Native libraries load when an engine that needs one is opened, so this package and the stub engine can be imported
without any of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from llm_agentd.config.values import ENGINES, LLAMA_ENGINES
from llm_agentd.engines.base import Engine
from llm_agentd.engines.llama.binding import Binding, KvType
from llm_agentd.errors import StartError

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
) -> Engine:
    """The engine `name` of config.values.ENGINES with its model loaded; `path` None is the embedded model.

    `auto` is llama_native where that is installed and works, else llama. Call it on the thread that will step the
    engine: the threads of a decode inherit that thread's CPUs and niceness. Raises StartError that says what is wrong
    with the file, the library or the settings.
    """
    if name == "stub":
        from llm_agentd.engines.stub.engine import StubEngine

        return StubEngine(model_id=model_id or "stub", context_tokens=context_tokens, max_num_seqs=max_num_seqs)
    file = path or EMBEDDED_MODEL
    if path is None and not file.is_file():
        raise StartError(f"the embedded model {file} is missing: install llm-agentd again, or set model.path")
    if name == "auto":
        name = pick_llama()
    if name in LLAMA_ENGINES:
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
        )
    if name == "ctransformers":
        from llm_agentd.engines.ctransformers import CTransformersEngine

        return CTransformersEngine(
            file, model_id=model_id, context_tokens=context_tokens, threads=threads, gpu_layers=gpu_layers
        )
    if name == "openai":
        raise StartError("model.engine is openai, which has no model on this machine; this needs one: set it to auto")
    raise StartError(f"model.engine: {name!r} is not one of {', '.join(ENGINES)}")


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
    """The binding of one of LLAMA_ENGINES, whose library is loaded by it. Raises StartError where that fails."""
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
