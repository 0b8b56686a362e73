"""Layered layout: which column each node of a graph stands in, in which order, and how high, so that nothing overlaps.

After Sugiyama, Tagawa and Toda (1981): break the cycles, rank the nodes, order each column by the mean place of the
neighbours, then put everything as near to its neighbours as the room it needs allows.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Link = tuple[int, int]
_SWEEPS = 24


@dataclass(frozen=True)
class Item:
    """Something that takes room in a column: a node, a label, or a line that passes through.

    Attributes
    ----------
    column
        Column in which it stands.
    above, below
        Room it needs over and under its own height.
    width
        Room it needs sideways.
    weight
        How strongly it wants to stand level with its neighbours.
    """

    column: int
    above: float
    below: float
    width: float = 0.0
    weight: float = 1.0


def ranks(
    nodes: Sequence[str], edges: Iterable[tuple[str, str]], first: Sequence[str], last: Sequence[str]
) -> tuple[dict[str, int], set[tuple[str, str]]]:
    """Rank each node one further than everything that leads to it, loops aside.

    Parameters
    ----------
    nodes
        All nodes.
    edges
        Pairs of nodes; an edge from a node to itself is passed over.
    first, last
        Nodes of rank 0, which nothing leads to, and nodes of the highest rank, which lead nowhere.

    Returns
    -------
    tuple
        Rank of each node, and the edges that lead back.
    """
    onward: dict[str, set[str]] = {node: set() for node in nodes}
    for source, target in edges:
        if source != target:
            onward[source].add(target)
    place = {node: k for k, node in enumerate(_breadth_first(nodes, onward))}
    back = {
        (source, target)
        for source in nodes
        for target in onward[source]
        if place[target] < place[source] and source in _reached(target, onward)
    }
    rank = dict.fromkeys(nodes, 1) | dict.fromkeys(first, 0)
    for _ in nodes:
        before = dict(rank)
        for source in nodes:
            for target in onward[source]:
                early, late = (target, source) if (source, target) in back else (source, target)
                rank[late] = max(rank[late], rank[early] + 1)
        if rank == before:
            break
    inner = [rank[node] for node in nodes if node not in last]
    rank |= dict.fromkeys(last, max(inner, default=0) + 1)
    return rank, back


def _breadth_first(nodes: Sequence[str], onward: Mapping[str, set[str]]) -> list[str]:
    """Nodes in the order in which one comes to them, those nothing leads to from the first after the others."""
    order: list[str] = []
    for root in nodes:
        waiting = [root]
        for node in waiting:
            if node not in order:
                order.append(node)
                waiting += [target for target in nodes if target in onward[node]]
        if root in order and len(order) == len(nodes):
            break
    return order


def _reached(start: str, onward: Mapping[str, set[str]]) -> set[str]:
    """Nodes to which a node leads."""
    reached = {start}
    while more := {target for node in reached for target in onward[node]} - reached:
        reached |= more
    return reached


def heights(items: Sequence[Item], links: Sequence[Link], gap: float) -> list[float]:
    """Height at which each item stands, 0 at the top; items of a column never overlap.

    Parameters
    ----------
    items
        What is to be placed.
    links
        Pairs of items in neighbouring columns.
    gap
        Room between the items of a column.
    """
    beside: list[list[int]] = [[] for _ in items]
    for one, other in links:
        beside[one].append(other)
        beside[other].append(one)
    columns = _ordered(items, beside, links)
    y = [0.0] * len(items)
    for column in columns:
        for i, place in zip(column, _stacked(items, column, gap), strict=True):
            y[i] = place
    for sweep in range(2 * _SWEEPS):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            wanted = [_level(items, beside[i], y, y[i]) for i in column]
            for i, place in zip(column, _apart(items, column, wanted, gap), strict=True):
                y[i] = place
    for column in columns:  # at last, lines that pass through go on level as long as they can
        wanted = [_onward(items, beside[i], y, i) for i in column]
        for i, place in zip(column, _apart(items, column, wanted, gap), strict=True):
            y[i] = place
    top = min((y[i] - item.above for i, item in enumerate(items)), default=0.0)
    return [place - top for place in y]


def _ordered(items: Sequence[Item], beside: Sequence[Sequence[int]], links: Sequence[Link]) -> list[list[int]]:
    """Order of the items in each column, with as few crossings as sweeping to and fro finds."""
    count = max((item.column for item in items), default=-1) + 1
    columns: list[list[int]] = [[] for _ in range(count)]
    for i, item in enumerate(items):
        columns[item.column].append(i)
    best, fewest = columns, _crossings(items, columns, links)
    for sweep in range(_SWEEPS):
        step = 1 if sweep % 2 == 0 else -1
        columns = [list(column) for column in columns]
        place = {i: k for column in columns for k, i in enumerate(column)}
        for c in range(count)[::step]:
            near = {
                i: [place[j] / len(columns[c - step]) for j in beside[i] if items[j].column == c - step]
                for i in columns[c]
            }
            mean = {i: sum(at) / len(at) if at else place[i] / len(columns[c]) for i, at in near.items()}
            columns[c].sort(key=lambda i: mean[i])
            place |= {i: k for k, i in enumerate(columns[c])}
        crossings = _crossings(items, columns, links)
        if crossings < fewest:
            best, fewest = columns, crossings
    return best


def _crossings(items: Sequence[Item], columns: Sequence[Sequence[int]], links: Sequence[Link]) -> int:
    """How many pairs of links cross."""
    place = {i: k for column in columns for k, i in enumerate(column)}
    between: dict[int, list[tuple[int, int]]] = {}
    for one, other in links:
        left, right = (one, other) if items[one].column < items[other].column else (other, one)
        between.setdefault(items[left].column, []).append((place[left], place[right]))
    total = 0
    for pairs in between.values():
        seen: list[int] = []
        for _, right in sorted(pairs):
            total += len(seen) - bisect_right(seen, right)
            insort(seen, right)
    return total


def _level(items: Sequence[Item], near: Sequence[int], y: Sequence[float], otherwise: float) -> float:
    """Weighted mean height of the neighbours."""
    total = sum(items[j].weight for j in near)
    return sum(items[j].weight * y[j] for j in near) / total if total else otherwise


def _onward(items: Sequence[Item], near: Sequence[int], y: Sequence[float], i: int) -> float:
    """Height of the line or label to the left, for a line that passes through; else its own."""
    before = [j for j in near if items[j].column < items[i].column and items[j].weight > 1]
    return y[before[0]] if before and items[i].weight > 1 else y[i]


def _offsets(items: Sequence[Item], column: Sequence[int], gap: float) -> list[float]:
    """Least height of each item of a column below its first."""
    offsets = [0.0] if column else []
    for upper, lower in pairwise(column):
        offsets.append(offsets[-1] + items[upper].below + gap + items[lower].above)
    return offsets


def _stacked(items: Sequence[Item], column: Sequence[int], gap: float) -> list[float]:
    offsets = _offsets(items, column, gap)
    return [offset - offsets[-1] / 2 for offset in offsets]


def _apart(items: Sequence[Item], column: Sequence[int], wanted: Sequence[float], gap: float) -> list[float]:
    """Heights nearest to those wanted, by weighted least squares, that keep the items apart and in order.

    Less the offsets this is isotonic regression, solved by pooling adjacent violators.
    """
    offsets = _offsets(items, column, gap)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for i, want, offset in zip(column, wanted, offsets, strict=True):
        mean, weight, size = want - offset, items[i].weight, 1
        while pools and pools[-1][0] > mean:
            before, heavy, many = pools.pop()
            mean = (before * heavy + mean * weight) / (heavy + weight)
            weight, size = heavy + weight, many + size
        pools.append((mean, weight, size))
    level = [mean for mean, _, size in pools for _ in range(size)]
    return [at + offset for at, offset in zip(level, offsets, strict=True)]
