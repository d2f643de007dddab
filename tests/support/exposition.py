"""Reads what `/metrics` says, with the parser of the Prometheus client library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample


@dataclass(frozen=True)
class Family:
    """A metric: `name` as queries write it, without `_bucket`, `_sum` and `_count`. `labels`: without `le`."""

    name: str
    kind: str
    labels: frozenset[str]
    samples: tuple[Sample, ...] = field(repr=False)


class Exposition(Mapping[str, Family]):
    """Metrics by name. One whose labels have no values yet has no samples, and is not here."""

    def __init__(self, text: str) -> None:
        self._families: dict[str, Family] = {}
        for family in text_string_to_metric_families(text):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = frozenset(label for sample in family.samples for label in sample.labels) - {"le"}
            if family.samples:
                self._families[name] = Family(name, family.type, labels, tuple(family.samples))

    def __getitem__(self, name: str) -> Family:
        return self._families[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._families)

    def __len__(self) -> int:
        return len(self._families)

    def update(self, other: Exposition) -> None:
        """Takes the metrics of `other` in place of those of the same names."""
        self._families |= other._families

    @property
    def series(self) -> set[tuple[str, frozenset[tuple[str, str]]]]:
        """All series there are: what a Prometheus would keep of each scrape."""
        samples = [sample for family in self.values() for sample in family.samples]
        return {(sample.name, frozenset(sample.labels.items())) for sample in samples}

    def value(self, name: str, /, **labels: str) -> float:
        """Of one sample: `name` as it stands in the text, such as `…_count`."""
        found = [
            sample.value
            for family in self.values()
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ]
        assert len(found) == 1, f"{name} {labels}: {len(found)} samples"
        return found[0]
