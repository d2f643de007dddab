"""Files that hold no model, or half of one: each is refused with its name and the reason, by each engine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from llm_agentd.engines import open_engine
from llm_agentd.errors import StartError

EXTRAS = {"llama_native": "llama_cpp", "llama_ik": "ik_llama_cpp"}
MODEL_ENGINES = ("llama", "ctransformers", *(name for name, module in EXTRAS.items() if find_spec(module)))


@pytest.mark.parametrize("name", MODEL_ENGINES)
class TestFiles:
    def test_missing_file_is_named(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(StartError, match=r"no file .*gone\.gguf"):
            open_engine(name, path=tmp_path / "gone.gguf")

    def test_folder_is_refused(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(StartError, match="is a folder"):
            open_engine(name, path=tmp_path)

    def test_device_is_refused(self, name: str) -> None:
        with pytest.raises(StartError, match="regular file"):
            open_engine(name, path=Path("/dev/zero"))

    def test_unreadable_file_is_named(self, name: str, tmp_path: Path) -> None:
        loop = tmp_path / "loop.gguf"
        loop.symlink_to(loop)
        with pytest.raises(StartError, match=r"loop\.gguf cannot be read"):
            open_engine(name, path=loop)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "not a GGUF"),
            (b"hello, I am text\n" * 9, "not a GGUF"),
            (b"tjgg" + b"\0" * 99, "convert"),
            (b"GGUF", "cut"),
        ],
    )
    def test_file_that_is_no_gguf_is_refused_with_the_reason(
        self, name: str, content: bytes, reason: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "no.gguf"
        path.write_bytes(content)
        with pytest.raises(StartError, match=rf"no\.gguf .*{reason}"):
            open_engine(name, path=path)

    def test_file_cut_off_anywhere_is_refused(self, name: str, models: SimpleNamespace, tmp_path: Path) -> None:
        whole = models.chain.read_bytes()
        path = tmp_path / "cut.gguf"
        for length in (5, 24, 30, 100, 2000, 9000, 20_000, len(whole) // 2, len(whole) - 40):
            path.write_bytes(whole[:length])
            with pytest.raises(StartError, match=r"cut\.gguf is damaged or cut off"):
                open_engine(name, path=path)

    def test_unknown_architecture_is_refused_without_printing(
        self, name: str, models: SimpleNamespace, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Whole, but nothing the library knows: its own words come in the message, not on stderr."""
        path = tmp_path / "alien.gguf"
        path.write_bytes(models.chain.read_bytes().replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0alien", 1))
        with pytest.raises(StartError, match=r"cannot load .*alien\.gguf"):
            open_engine(name, path=path)
        assert capfd.readouterr().err == ""
