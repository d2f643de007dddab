"""Modules of a package without what its `__init__` loads beside them, which may be megabytes that nobody here calls.

`late("pkg")`, then `import pkg.module`: only that module is loaded, with what it imports itself. The package's own
`__init__` runs once something is asked of the package that it would have defined, so whoever else imports it finds all
that it documents. Any thread that imports.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


class _Late(ModuleType):
    def __getattr__(self, name: str) -> Any:
        """For what is not there yet. A module of that name comes first: `from . import name` within the package."""
        spec = self.__spec__
        assert spec is not None
        assert spec.loader is not None
        if name in self.__late_names__:
            return getattr(import_module(self.__late_names__[name]), name)
        if spec.submodule_search_locations and not name.startswith("__") and find_spec(f"{spec.name}.{name}"):
            return import_module(f"{spec.name}.{name}")
        self.__class__ = ModuleType  # type: ignore[assignment]  # first: it may ask for its own names while it runs
        spec.loader.exec_module(self)
        return getattr(self, name)


def late(package: str, **names: str) -> None:
    """Nothing where the package is loaded already, or is not installed. `names`: what its own modules ask the package
    for, and the module that has it.
    """
    spec = find_spec(package) if package not in sys.modules else None
    if spec is not None:
        module = module_from_spec(spec)
        module.__late_names__ = names  # type: ignore[attr-defined]
        module.__class__ = _Late
        sys.modules[package] = module
