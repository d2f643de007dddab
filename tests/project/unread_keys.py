"""Which keys of the configuration the code reads, found by type: `.path` counts for `model.path` on a `Model` alone.

Follows a section through annotated parameters, returns and attributes, and through assignments such as
`model = config.model` or `self._config = config`. What is read by `getattr` with a computed name does not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

Types = Mapping[str, type[BaseModel]]  # of names in a scope: `config`, `self._config`
_Sections = dict[str, tuple[type[BaseModel], str]]  # class name → the class and the prefix of its keys


def sections_of(config: type[BaseModel]) -> _Sections:
    """Class name → (class, prefix of its keys): `Model` → `model.`, `Variants` → `cache.variants.`."""
    found = {config.__name__: (config, "")}
    for name, field in config.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            inner = sections_of(kind)
            found |= {title: (section, f"{name}.{prefix}") for title, (section, prefix) in inner.items()}
    return found


def read_keys(config: type[BaseModel], sources: Iterable[str]) -> set[str]:
    """The keys that any of the Python `sources` reads."""
    sections = sections_of(config)
    keys: set[str] = set()
    for source in sources:
        keys |= _Module(sections, ast.parse(source)).keys
    return keys


class _Module:
    """One module's reads, in `keys`. Names are followed function by function, `self.x` through the whole class."""

    def __init__(self, sections: _Sections, tree: ast.Module) -> None:
        self._sections = dict(sections) | _narrow_views(sections, tree)
        self._makers = {
            node.name: kind
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (kind := self._annotated(node.returns))
        } | {"load_config": sections["Config"][0]}
        self.keys: set[str] = set()
        self._scope(tree, {})

    def _annotated(self, annotation: ast.expr | None) -> type[BaseModel] | None:
        """The section that an annotation names: `Config`, `"Config"`, `Config | None`."""
        text = "" if annotation is None else ast.unparse(annotation).strip("'\"")
        return next((self._sections[part][0] for part in text.split(" | ") if part in self._sections), None)

    def _scope(self, node: ast.AST, outer: Types) -> None:
        types = dict(outer)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
                if kind := self._annotated(argument.annotation):
                    types[argument.arg] = kind
        inner = list(_within_scope(node))
        for step in [*inner, *(_attributes_of(node) if isinstance(node, ast.ClassDef) else ())]:
            self._assign(step, types)
        for step in inner:
            if isinstance(step, ast.Attribute):
                self._read(step, types)
        for step in inner:
            if isinstance(step, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                self._scope(step, types)

    def _assign(self, step: ast.AST, types: dict[str, type[BaseModel]]) -> None:
        if isinstance(step, ast.AnnAssign) and (kind := self._annotated(step.annotation)):
            types[ast.unparse(step.target)] = kind
        elif isinstance(step, ast.Assign | ast.NamedExpr) and (kind := self._type(step.value, types)):
            for target in step.targets if isinstance(step, ast.Assign) else [step.target]:
                types[ast.unparse(target)] = kind

    def _type(self, value: ast.expr, types: Types) -> type[BaseModel] | None:
        """The section that an expression holds, if it is one."""
        if isinstance(value, ast.Call):
            return self._makers.get(ast.unparse(value.func).rpartition(".")[2])
        if (name := ast.unparse(value)) in types:
            return types[name]
        if isinstance(value, ast.Attribute) and (owner := self._type(value.value, types)):
            field = owner.model_fields.get(value.attr)
            kind = field.annotation if field else None
            return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
        return None

    def _read(self, step: ast.Attribute, types: Types) -> None:
        owner = self._type(step.value, types)
        if owner is not None and step.attr in owner.model_fields:
            self.keys.add(self._sections[owner.__name__][1] + step.attr)


def _narrow_views(sections: _Sections, tree: ast.Module) -> _Sections:
    """Protocols of the module that are a part of one section: who takes such a view is handed the section."""
    views: _Sections = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases):
            names = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
            fitting = [home for home in sections.values() if names and names <= set(home[0].model_fields)]
            if len(fitting) == 1:
                views[node.name] = fitting[0]
    return views


def _within_scope(node: ast.AST) -> Iterable[ast.AST]:
    """What stands in a scope, in order, without the bodies of functions and classes inside it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _within_scope(child)


def _attributes_of(node: ast.ClassDef) -> Iterable[ast.AST]:
    """Assignments to `self.x` in any method, with the method's annotated parameters as they are named there."""
    for method in node.body:
        if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        annotations = {argument.arg: argument.annotation for argument in [*method.args.args, *method.args.kwonlyargs]}
        for step in _within_scope(method):
            if isinstance(step, ast.Assign) and isinstance(step.value, ast.Name) and annotations.get(step.value.id):
                for target in step.targets:
                    if isinstance(target, ast.Attribute):
                        yield ast.AnnAssign(target=target, annotation=annotations[step.value.id], simple=0)  # type: ignore[arg-type]
            elif isinstance(step, ast.Assign) and isinstance(step.targets[0], ast.Attribute):
                yield step
