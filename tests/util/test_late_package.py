"""A package whose `__init__` is put off, in a folder of our own making."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from llm_agentd.util.late_package import late

NAME = "put_off_for_a_test"


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / "__init__.py").write_text("from .heavy import WEIGHT\nfrom .light import FEATHER\n")
    (folder / "heavy.py").write_text("WEIGHT = 1000\n")
    (folder / "light.py").write_text("from . import feathers\nFEATHER = feathers.ONE\n")
    (folder / "feathers.py").write_text("ONE = 1\n")
    (folder / "inner.py").write_text(f"from {NAME} import WEIGHT\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == NAME]:
        monkeypatch.delitem(sys.modules, name)


def loaded() -> set[str]:
    return {name.partition(".")[2] for name in sys.modules if name.startswith(f"{NAME}.")}


def test_a_module_loads_without_what_the_package_loads_beside_it() -> None:
    late(NAME)
    assert importlib.import_module(f"{NAME}.light").FEATHER == 1
    assert loaded() == {"light", "feathers"}


def test_the_package_is_whole_for_who_asks_it() -> None:
    late(NAME)
    importlib.import_module(f"{NAME}.light")
    assert importlib.import_module(NAME).WEIGHT == 1000
    assert loaded() == {"light", "feathers", "heavy"}
    with pytest.raises(AttributeError):
        _ = importlib.import_module(NAME).no_such_name


def test_a_name_that_its_modules_ask_for_loads_no_more_than_where_it_is() -> None:
    late(NAME, WEIGHT=f"{NAME}.heavy")
    importlib.import_module(f"{NAME}.inner")
    assert loaded() == {"inner", "heavy"}


def test_one_that_is_loaded_or_missing_is_left_alone() -> None:
    module = importlib.import_module(NAME)
    late(NAME)
    assert sys.modules[NAME] is module
    late("no_such_package_at_all")
    assert "no_such_package_at_all" not in sys.modules


def test_a_module_runs_once_something_is_asked_of_it() -> None:
    importlib.import_module(NAME)
    del sys.modules[f"{NAME}.light"]
    late(f"{NAME}.light")
    module = importlib.import_module(f"{NAME}.light")
    assert "FEATHER" not in vars(module)
    assert module.FEATHER == 1
    with pytest.raises(AttributeError):
        _ = module.no_such_name
