"""`model quantize`: llama.cpp's own routine on a real file, and what is refused before it runs."""

from __future__ import annotations

import io
from pathlib import Path

import gguf
import pytest

from llm_agentd.engines import EMBEDDED_MODEL, open_engine
from llm_agentd.engines.gguf import read_header
from llm_agentd.engines.model_shape import quantization
from llm_agentd.errors import StartError
from llm_agentd.ops.models.quantize import quantize


def run(source: Path, kind: str, target: Path | None = None, *, requantize: bool = False) -> Path:
    return quantize(source, kind, target=target, requantize=requantize, threads=1, out=io.StringIO())


@pytest.mark.slow
def test_smaller_file_is_written_and_can_be_served(tmp_path: Path) -> None:
    """The embedded model as Q4_0, beside its source: fewer bytes, the same weights, and an engine opens it."""
    source = tmp_path / "hearthling-Q8_0.gguf"
    source.write_bytes(EMBEDDED_MODEL.read_bytes())
    path = run(source, "q4_0", requantize=True)
    assert path == tmp_path / "hearthling-Q4_0.gguf"
    assert quantization(read_header(path)) == "Q4_0"
    assert read_header(path).parameters == read_header(source).parameters
    assert path.stat().st_size < 0.7 * source.stat().st_size
    engine = open_engine("llama", path=path, max_num_seqs=1)
    assert engine.info.model == "hearthling"
    engine.close()
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name, source.name]


@pytest.mark.slow
def test_float_file_needs_no_leave(tmp_path: Path) -> None:
    source = tmp_path / "m-F32.gguf"
    _as_floats(source)
    path = run(source, "Q8_0", tmp_path / "out.gguf")
    assert quantization(read_header(path)) == "Q8_0"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("Q4_KM", r"no such type, did you mean 'Q4_K_M'\?; want one of"),
        ("Q8_0", "is Q8_0 already"),
        ("Q4_K_M", r"quantized already \(Q8_0\), .*take the F16 or BF16 file of the same model, or say --requantize"),
    ],
)
def test_wrong_wishes_are_refused_with_the_cure(kind: str, says: str) -> None:
    with pytest.raises(StartError, match=says):
        run(EMBEDDED_MODEL, kind)


def test_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    target = tmp_path / "there.gguf"
    target.write_text("mine")
    with pytest.raises(StartError, match=r"there already; delete it, or name another file with --output"):
        run(EMBEDDED_MODEL, "Q4_0", target, requantize=True)
    assert target.read_text() == "mine"


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="there is no such folder; make it"):
        run(EMBEDDED_MODEL, "Q4_0", tmp_path / "no" / "m.gguf", requantize=True)


@pytest.mark.slow
def test_what_llama_cpp_refuses_is_said_and_leaves_nothing(model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(model.read_bytes().replace(b"llama.block_count", b"llama.block_cannt"))
    with pytest.raises(StartError, match=r"llama\.cpp cannot make Q4_0 of it: .*; try another type"):
        run(broken, "Q4_0", tmp_path / "out.gguf", requantize=True)
    assert not (tmp_path / "out.gguf").exists()
    assert list(tmp_path.glob(".*")) == []


def _as_floats(path: Path) -> None:
    """The embedded model in F32."""
    reader = gguf.GGUFReader(EMBEDDED_MODEL)
    writer = gguf.GGUFWriter(path, "llama")
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        value = field.contents()
        if kind == gguf.GGUFValueType.ARRAY:
            writer.add_array(name, value)
        else:
            writer.add_key_value(name, value, kind)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, gguf.quants.dequantize(tensor.data, tensor.tensor_type))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
