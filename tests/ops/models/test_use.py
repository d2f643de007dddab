"""`model use`: what is written into the configuration, and what is refused; the self-test on real models."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from llm_agentd.config import Config, load_config
from llm_agentd.engines import EMBEDDED_MODEL
from llm_agentd.errors import StartError
from llm_agentd.ops.models import use as module
from llm_agentd.ops.models.fetch.pull import pull
from llm_agentd.ops.models.selection import find_model
from llm_agentd.ops.models.store import ModelStore
from tests.support.tiny_gguf import Shape, write_tiny_gguf

# On a busy machine a daemon that gives way to all others may never get its turn.
BUSY = ("model.cpu_priority=normal", "model.pin_cpus=off")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("# my village\nmodel:\n  threads: 1  # one core\n")
    return path


def use(name: str, store: ModelStore, file: Path | None, *, test: bool = False, sets: tuple[str, ...] = ()) -> str:
    out = io.StringIO()
    code = module.use(name, load_config(file, sets), store, config_file=file, sets=sets, test=test, npcs=50, out=out)
    assert code == 0
    return out.getvalue()


def path_in(file: Path) -> Path | None:
    config: Config = load_config(file)
    return config.model.path


def test_pulled_model_is_written_and_comments_stay(model: Path, store: ModelStore, file: Path) -> None:
    pulled = pull(str(model), store, out=io.StringIO())
    said = use(pulled.stem, store, file)
    assert path_in(file) == pulled
    assert file.read_text() == f"# my village\nmodel:\n  threads: 1  # one core\n  path: {pulled}\n"
    assert f"{file}: model.path is {pulled}" in said
    assert "systemctl restart llm-agentd" in said


def test_any_file_can_be_named_and_the_embedded_one_taken_back(model: Path, store: ModelStore, file: Path) -> None:
    use(str(model), store, file)
    assert path_in(file) == model
    use("hearthling", store, file)
    assert path_in(file) is None
    assert "  threads: 1  # one core" in file.read_text()


def test_embedded_model_needs_no_line(store: ModelStore, file: Path) -> None:
    before = file.read_text()
    use("hearthling", store, file)
    assert file.read_text() == before


def test_missing_file_is_made(model: Path, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system_file = tmp_path / "etc" / "llm_agent" / "config.yaml"
    monkeypatch.setattr(module, "SYSTEM_FILE", system_file)
    monkeypatch.setattr("llm_agentd.config.load.SYSTEM_FILE", system_file)
    use(str(model), store, None)
    assert system_file.read_text() == f"model:\n  path: {model}\n"


def test_mode_of_the_file_stays(model: Path, store: ModelStore, file: Path) -> None:
    file.chmod(0o640)
    use(str(model), store, file)
    assert file.stat().st_mode & 0o777 == 0o640


def test_file_that_cannot_be_changed_names_the_line(model: Path, store: ModelStore, file: Path) -> None:
    file.write_text("model: {threads: 2}\n")
    with pytest.raises(
        StartError, match=r"braces; write `path: .*tiny-Q8_0\.gguf` under `model:` there yourself, or start"
    ):
        use(str(model), store, file)
    assert file.read_text() == "model: {threads: 2}\n"


def test_source_that_overrides_the_file_is_named(
    model: Path, store: ModelStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GGUF_FILE", "/elsewhere.gguf")
    with pytest.raises(StartError, match=r"/elsewhere\.gguf is still served: .*GGUF_FILE"):
        use(str(model), store, file)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("smollm2-135m", r"not in .* yet; first: llm-agentd model pull smollm2-135m"),
        ("smolm2-135m", r"no model smolm2-135m, did you mean 'smollm2-135m'\?; `llm-agentd model list`"),
        ("/nowhere/m.gguf", r"there is no file /nowhere/m\.gguf"),
    ],
)
def test_unknown_model_says_what_to_do(name: str, says: str, store: ModelStore) -> None:
    with pytest.raises(StartError, match=says):
        find_model(name, store)


def test_names_find_what_they_mean(model: Path, store: ModelStore) -> None:
    pulled = pull(str(model), store, out=io.StringIO())
    assert find_model("hearthling", store) == EMBEDDED_MODEL
    assert find_model("tiny-Q8_0", store) == find_model("tiny-Q8_0.gguf", store) == pulled
    assert find_model(str(model), store) == model


def test_stub_engine_takes_no_model(model: Path, store: ModelStore, file: Path) -> None:
    with pytest.raises(StartError, match=r"model\.engine is stub, which takes no model"):
        use(str(model), store, file, sets=("model.engine=stub",))


def test_base_model_is_warned_of(store: ModelStore, file: Path, tmp_path: Path) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", template=None)
    assert "warning: this is a base model" in use(str(base), store, file)


@pytest.mark.slow
@pytest.mark.alone
def test_embedded_model_passes_its_self_test(store: ModelStore, file: Path) -> None:
    said = use("hearthling", store, file, test=True, sets=BUSY)
    assert "self-test of hearthling, engine llama" in said
    assert "3 of 3 actions valid" in said
    assert "JSON held in 2 of 2" in said
    assert "English yes" in said
    assert "not fit" not in said


@pytest.mark.slow
def test_nonsense_is_called_unfit_but_served_if_wanted(store: ModelStore, file: Path, tmp_path: Path) -> None:
    """Random weights and no template: it answers, and no player should read it."""
    base = write_tiny_gguf(tmp_path / "base.gguf", chain=False, template=None, shape=Shape(context=4096))
    said = use(str(base), store, file, test=True, sets=BUSY)
    assert "verdict    not fit for players:" in said
    assert "base model" in said
    assert path_in(file) == base


@pytest.mark.slow
def test_model_without_room_for_a_prompt_is_not_written(model: Path, store: ModelStore, file: Path) -> None:
    with pytest.raises(StartError, match="its context is too short for an NPC's prompt"):
        use(str(model), store, file, test=True, sets=BUSY)
    assert path_in(file) is None


@pytest.mark.slow
def test_model_that_does_not_start_is_not_written(
    store: ModelStore, file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.gguf"
    data = write_tiny_gguf(tmp_path / "whole.gguf").read_bytes()
    broken.write_bytes(data.replace(b"llama.block_count", b"llama.block_cannt"))
    with pytest.raises(StartError, match="ended with exit code 1"):
        use(str(broken), store, file, test=True)
    assert path_in(file) is None
    assert "llama.cpp cannot load" in capfd.readouterr().err  # the daemon's own words
