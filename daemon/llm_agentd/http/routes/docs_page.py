"""/docs as one page without scripts: it works on a server without internet, and loads nothing from elsewhere.

Pure: OpenAPI in, HTML out.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fdfdfb }
pre { background: #f1f0ea; padding: .7rem; overflow-x: auto; white-space: pre-wrap }
h2 { margin-top: 2.5rem; border-top: 1px solid #ccc; padding-top: 1rem }
table { border-collapse: collapse } td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #1b1c1e } pre { background: #292b2e } a { color: #9cf }
}
"""


def render(spec: dict[str, Any]) -> str:
    """The page for an OpenAPI description."""
    info = spec["info"]
    routes = [
        _route(spec, path, method, operation)
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>{_prose(info.get('description', ''))}"
        f'<p>For programs: <a href="openapi.json">openapi.json</a></p>{"".join(routes)}</html>'
    )


def _route(spec: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    parts = [
        f"<h2><code>{method.upper()} {escape(path)}</code></h2><p><b>{escape(operation.get('summary', ''))}</b></p>"
    ]
    parts.append(_prose(operation.get("description", "")))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        parts.append(f"<h3>Body</h3>{_fields(body)}")
        parts += [f"<p>Example:</p><pre>{_json(example)}</pre>" for example in body.get("examples", [])]
    parts.append("<h3>Answers</h3>")
    for status, answer in operation["responses"].items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        parts.append(f"<p><b>{escape(status)}</b> {escape(answer.get('description', ''))} {escape(name)}</p>")
        if name and status == "200":
            parts.append(_fields(spec["components"]["schemas"][name]))
    return "".join(parts)


def _fields(schema: dict[str, Any]) -> str:
    wanted = schema.get("required", [])
    rows = [
        f"<tr><td><code>{escape(name)}</code>{' *' if name in wanted else ''}</td>"
        f"<td>{escape(_kind(field))}</td><td>{_lines(field.get('description', ''))}</td></tr>"
        for name, field in schema.get("properties", {}).items()
    ]
    return f"<table><tr><th>field</th><th>kind</th><th></th></tr>{''.join(rows)}</table><p>* wanted</p>"


def _kind(field: dict[str, Any]) -> str:
    choices = [choice for choice in field.get("anyOf", [field]) if choice.get("type") != "null"]
    return " or ".join(choice.get("type") or choice.get("$ref", "").rpartition("/")[2] for choice in choices)


def _prose(text: str) -> str:
    """Paragraphs; indented ones are code."""
    blocks = [block for block in text.split("\n\n") if block.strip()]
    return "".join(
        f"<pre>{escape(block.strip())}</pre>" if block.strip("\n").startswith("    ") else f"<p>{_lines(block)}</p>"
        for block in blocks
    )


def _lines(block: str) -> str:
    """Lists and `code`."""
    text = escape(block.strip()).replace("\n* ", "<br>• ").removeprefix("* ")
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)


def _json(value: Any) -> str:
    return escape(json.dumps(value, indent=2))
