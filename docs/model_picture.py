"""The picture of the model: each class a box in its room, its parts in it, and lines to what it names.

Rooms stand in columns around the customer. Lines run on a grid, around the boxes; all lines to one class join on their
way, so that eighteen of them come to the customer as few. The same classes always give the same picture.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import pairwise, product
from operator import attrgetter

from attrs import define, field, frozen
from docs.model_classes import Relation, relations, rooms, snake

from crmcx.models import Account, Case, Customer
from crmcx.models.base import Record
from crmcx.models.fields import parts

COLUMNS: tuple[tuple[str, ...], ...] = (
    ("marketing", "sales"),
    ("consent", "orders"),
    ("lifecycle", "customer"),
    ("interaction", "service"),
    ("feedback", "instrument"),
)
"""The rooms, column by column from the left, each from the top."""
BAND = "company"
"""The room below them, as wide as all."""

GRID = 10
WIDE, ROW, PART = 17, 3, 2  # of a box: its width, the height of its name and of a part; all in cells of the grid
PAD, TITLE = 1, 3  # of a room: the rim beside its boxes and the height of its title
GAP, BETWEEN, STREET = 2, 5, 5  # between boxes of a room, rooms of a column, columns
MARGIN = 2
BEND, CROSS, NEAR, ALONG, TITLED = 4, 6, 2, 5, 15  # what a line pays: corners, other lines, in rooms, by boxes, titles

Cell = tuple[int, int]
RIGHT, LEFT, DOWN, UP = (1, 0), (-1, 0), (0, 1), (0, -1)
DIRECTIONS = (RIGHT, LEFT, DOWN, UP)
COLOURS = {Customer: "customer", Account: "account", Case: "case"}

STYLE = """
  .model { --ink: var(--color-foreground-primary, #1f2328); --dim: var(--color-foreground-secondary, #57606a);
    --sheet: var(--color-background-primary, #fff); --room: var(--color-background-secondary, #f6f8fa);
    --rim: var(--color-background-border, #d0d7de);
    font: 13px system-ui, sans-serif; background: var(--sheet); }
  @media (prefers-color-scheme: dark) { .model { --ink: var(--color-foreground-primary, #e6e6e6);
    --dim: var(--color-foreground-secondary, #9ca0a5); --sheet: var(--color-background-primary, #131416);
    --room: var(--color-background-secondary, #1a1c1e); --rim: var(--color-background-border, #3d4147); } }
  .model text { fill: var(--ink); }
  .model a { text-decoration: none; }
  .model .room rect { fill: var(--room); stroke: var(--rim); }
  .model .room text { fill: var(--dim); font-size: 12px; letter-spacing: 0.04em; }
  .model .box rect { fill: var(--sheet); stroke: var(--dim); }
  .model .box .name { font-weight: 600; }
  .model .box .part { fill: var(--dim); font-size: 12px; }
  .model .box line { stroke: var(--rim); }
  .model .box .again { fill: var(--dim); }
  .model a:hover rect, .model a:focus rect { stroke-width: 2.5; }
  .model .lines { --line: #8a8f98; }
  .model .lines.customer, .model .box.customer { --line: #3b82f6; }
  .model .lines.account, .model .box.account { --line: #c2780c; }
  .model .lines.case, .model .box.case { --line: #16975a; }
  .model .box.customer rect, .model .box.account rect, .model .box.case rect { stroke: var(--line); stroke-width: 2; }
  .model .lines path { fill: none; stroke: var(--line); stroke-width: 1.5; }
  .model .lines path.code { stroke-dasharray: 4 3; }
  .model .lines polygon, .model .lines circle { fill: var(--line); }
  .model .lines g:hover path { stroke-width: 3; }
"""


@frozen
class Box:
    """A class and where it stands, in cells."""

    cls: type[Record]
    x: int
    y: int

    @property
    def height(self) -> int:
        """Its height."""
        return ROW + PART * len(parts(self.cls))

    def border(self) -> Iterator[tuple[Cell, Cell]]:
        """The places where a line can touch it, each with the direction away from it."""
        for x in range(self.x + 1, self.x + WIDE):
            yield (x, self.y), UP
            yield (x, self.y + self.height), DOWN
        for y in range(self.y + 1, self.y + self.height):
            yield (self.x, y), LEFT
            yield (self.x + WIDE, y), RIGHT


@frozen
class Room:
    """A room and where it stands, in cells."""

    name: str
    x: int
    y: int
    width: int
    height: int


@define
class Sheet:
    """What stands where, and what it costs a line to go there."""

    width: int
    height: int
    rooms: list[Room]
    boxes: dict[type[Record], Box]
    cost: dict[Cell, int] = field(factory=dict)
    blocked: set[Cell] = field(factory=set)
    lines: dict[Cell, tuple[type[Record], set[bool]]] = field(factory=dict)
    """For each cell that has a line: to which class, and whether it runs across, up and down, or both."""


def place() -> Sheet:
    """Where the rooms and their classes stand."""
    within = rooms()
    placed = {name for column in COLUMNS for name in column} | {BAND}
    if placed != within.keys():
        msg = f"give these rooms a place in COLUMNS, or take it away: {sorted(placed ^ within.keys())}"
        raise LookupError(msg)
    tall = {name: _height(within[name]) for name in within}
    whole = max(sum(tall[name] for name in column) + BETWEEN * (len(column) - 1) for column in COLUMNS)
    found, boxes = [], []
    for index, column in enumerate(COLUMNS):
        x = MARGIN + index * (WIDE + 2 * PAD + STREET)
        free = whole - sum(tall[name] for name in column)
        y = MARGIN
        for name in column:
            if len(column) == 1:
                y += free // 2
            found.append(Room(name, x, y, WIDE + 2 * PAD, tall[name]))
            top = y + TITLE
            for cls in within[name]:
                boxes.append(Box(cls, x + PAD, top))
                top += boxes[-1].height + GAP
            y += tall[name] + free // max(1, len(column) - 1)
    width = len(COLUMNS) * (WIDE + 2 * PAD) + (len(COLUMNS) - 1) * STREET
    y = MARGIN + whole + BETWEEN
    row = [Box(cls, 0, y + TITLE) for cls in within[BAND]]
    step = (width - 2 * PAD - WIDE) / max(1, len(row) - 1)
    boxes += [Box(box.cls, MARGIN + PAD + round(index * step), box.y) for index, box in enumerate(row)]
    height = TITLE + max(box.height for box in row) + PAD
    found.append(Room(BAND, MARGIN, y, width, height))
    return Sheet(width + 2 * MARGIN, y + height + MARGIN, found, {box.cls: box for box in boxes})


def _height(classes: Iterable[type[Record]]) -> int:
    heights = [Box(cls, 0, 0).height for cls in classes]
    return TITLE + sum(heights) + GAP * (len(heights) - 1) + PAD


def _set_prices(sheet: Sheet) -> None:
    """Lines shall keep out of titles, away from boxes, and to the streets between rooms."""
    for room in sheet.rooms:
        sheet.cost |= dict.fromkeys(_cells(room.x, room.y, room.width, room.height), NEAR)
        sheet.cost |= dict.fromkeys(_cells(room.x, room.y + 1, 1 + len(room.name), TITLE - 2), TITLED)
    for box in sheet.boxes.values():
        sheet.cost |= dict.fromkeys(_cells(box.x - 1, box.y - 1, WIDE + 2, box.height + 2), ALONG)
        sheet.blocked |= set(_cells(box.x, box.y, WIDE, box.height))


def _cells(x: int, y: int, width: int, height: int) -> Iterator[Cell]:
    """The places of a rectangle, its border among them."""
    return product(range(x, x + width + 1), range(y, y + height + 1))


def route(sheet: Sheet, found: Iterable[Relation]) -> list[tuple[Relation, list[Cell]]]:
    """The way of each line from its box to the box that it names, or to a line that goes there."""
    _set_prices(sheet)
    into: dict[type[Record], list[Relation]] = {}
    for each in found:
        if each.source is not each.target:
            into.setdefault(each.target, []).append(each)
    ways = []
    for target, group in sorted(into.items(), key=lambda item: -len(item[1])):
        goal = sheet.boxes[target]

        def distance(each: Relation, goal: Box = goal) -> tuple[bool, int]:
            start = sheet.boxes[each.source]
            return each.by_code, abs(start.x - goal.x) + abs(start.y - goal.y)

        for each in sorted(group, key=distance):
            way = _way(sheet, sheet.boxes[each.source], goal)
            _draw(sheet, target, way)
            ways.append((each, way))
    return ways


def _way(sheet: Sheet, start: Box, goal: Box) -> list[Cell]:
    """The cheapest way over the grid."""
    ends = {cell: (-away[0], -away[1]) for cell, away in goal.border() if cell not in sheet.lines}
    heap: list[tuple[int, Cell, Cell]] = []
    came: dict[tuple[Cell, Cell], tuple[Cell, Cell] | None] = {}
    best: dict[tuple[Cell, Cell], int] = {}
    for cell, away in start.border():
        if cell not in sheet.lines:
            middle = abs(2 * (cell[1] - start.y) - ROW) // 2 if away in {LEFT, RIGHT} else 1
            heapq.heappush(heap, (middle, cell, away))
            best[cell, away] = middle
            came[cell, away] = None
    while heap:
        paid, cell, way = heapq.heappop(heap)
        if paid > best[cell, way]:
            continue
        there = sheet.lines.get(cell)
        if came[cell, way] is not None and (ends.get(cell) == way or (there is not None and there[0] is goal.cls)):
            return _back(came, (cell, way))
        for turn in DIRECTIONS:
            if turn == (-way[0], -way[1]) or (turn != way and (there is not None or came[cell, way] is None)):
                continue  # no way back; straight on over another line, and out of the box
            after = cell[0] + turn[0], cell[1] + turn[1]
            cost = _price(sheet, after, turn, goal.cls, ends)
            if cost is None:
                continue
            total = paid + cost + (BEND if turn != way else 0)
            if total < best.get((after, turn), 1 << 30):
                best[after, turn] = total
                came[after, turn] = (cell, way)
                heapq.heappush(heap, (total, after, turn))
    msg = f"no way from {start.cls.__name__} to {goal.cls.__name__}: give the picture more room"
    raise LookupError(msg)


def _price(sheet: Sheet, cell: Cell, way: Cell, target: type[Record], ends: dict[Cell, Cell]) -> int | None:
    """What a step costs; None where it is not allowed."""
    if cell in sheet.blocked:
        return 1 if ends.get(cell) == way else None
    if not (0 < cell[0] < sheet.width and 0 < cell[1] < sheet.height):
        return None
    price = 1 + sheet.cost.get(cell, 0)
    if cell in sheet.lines:
        to, across = sheet.lines[cell]
        if to is not target:
            return price + CROSS if across == {way[0] == 0} else None
    return price


def _back(came: dict[tuple[Cell, Cell], tuple[Cell, Cell] | None], last: tuple[Cell, Cell]) -> list[Cell]:
    way = []
    step: tuple[Cell, Cell] | None = last
    while step is not None:
        way.append(step[0])
        step = came[step]
    return way[::-1]


def _draw(sheet: Sheet, target: type[Record], way: list[Cell]) -> None:
    for one, two in pairwise(way):
        for cell in (one, two):
            to, across = sheet.lines.setdefault(cell, (target, set()))
            # where a line crosses that of another class, the cell is nobody's to join or to cross again
            sheet.lines[cell] = (to if to is target else Record, across | {one[1] == two[1]})


def picture() -> str:
    """The picture as the text of an SVG file."""
    sheet = place()
    found = relations()
    ways = route(sheet, found)
    wide, high = sheet.width * GRID, sheet.height * GRID
    lines = [
        f'<svg class="model" viewBox="0 0 {wide} {high}" xmlns="http://www.w3.org/2000/svg"',
        'role="group" aria-labelledby="model-picture-title">',
        '<title id="model-picture-title">The classes of the model and what they name</title>',
        f"<style>{STYLE}</style>",
    ]
    lines += [_room(room) for room in sheet.rooms]
    for target in sorted({each.target for each, _ in ways}, key=attrgetter("__name__"), reverse=True):
        lines += [f'<g class="lines {COLOURS.get(target, "other")}" aria-hidden="true">']
        lines += [_line(each, way, sheet) for each, way in ways if each.target is target]
        lines += ["</g>"]
    again = {each.source for each in found if each.source is each.target}
    lines += [_box(box, again=box.cls in again) for box in sheet.boxes.values()]
    return "\n".join([*lines, "</svg>", ""])


def _room(room: Room) -> str:
    x, y, width, height = (GRID * number for number in (room.x, room.y, room.width, room.height))
    return (
        f'<g class="room"><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>'
        f'<text x="{x + GRID}" y="{y + 19}">{room.name}</text></g>'
    )


def _box(box: Box, *, again: bool) -> str:
    name, x, y, width = box.cls.__name__, box.x * GRID, box.y * GRID, WIDE * GRID
    lines = [
        f'<a href="#model-{snake(name)}" class="box {COLOURS.get(box.cls, "other")}">',
        f'<rect x="{x}" y="{y}" width="{width}" height="{box.height * GRID}" rx="4"/>',
        f'<text class="name" x="{x + 10}" y="{y + 20}">{name}</text>',
    ]
    if again:
        lines.append(
            f'<text class="again" x="{x + width - 20}" y="{y + 20}"><title>names another {name}</title>\u21ba</text>'
        )
    within = parts(box.cls).values()
    for index, part in enumerate(within):
        lines.append(
            f'<text class="part" x="{x + 18}" y="{y + (ROW + index * PART) * GRID + 14}">{part.__name__}</text>'
        )
    if within:
        lines.insert(3, f'<line x1="{x}" y1="{y + 29}" x2="{x + width}" y2="{y + 29}"/>')
    return "".join([*lines, "</a>"])


def _line(relation: Relation, way: list[Cell], sheet: Sheet) -> str:
    """One line with round corners: an arrowhead where it arrives, a dot where it joins another."""
    words = f"{relation.source.__name__} names {relation.target.__name__}: {', '.join(relation.fields)}"
    corners = [cell for cell, before, after in zip(way[1:-1], way, way[2:], strict=False) if _turns(before, after)]
    points = [way[0], *corners, way[-1]]
    drawn = f"M{_at(points[0])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        drawn += f"L{_at(corner, towards=before)}Q{_at(corner)} {_at(corner, towards=after)}"
    drawn += f"L{_at(points[-1])}"
    end = way[-1]
    x, y = end[0] * GRID, end[1] * GRID
    if end in sheet.blocked:
        dx, dy = end[0] - way[-2][0], end[1] - way[-2][1]
        head = f"{x},{y} {x - 8 * dx - 4 * dy},{y - 8 * dy - 4 * dx} {x - 8 * dx + 4 * dy},{y - 8 * dy + 4 * dx}"
        mark = f'<polygon points="{head}"/>'
    else:
        mark = f'<circle cx="{x}" cy="{y}" r="2.5"/>'
    kind = ' class="code"' if relation.by_code else ""
    return f'<g><title>{words}</title><path{kind} d="{drawn}"/>{mark}</g>'


def _turns(before: Cell, after: Cell) -> bool:
    return before[0] != after[0] and before[1] != after[1]


def _at(cell: Cell, *, towards: Cell | None = None) -> str:
    """A place on the sheet; towards another one, half a cell nearer to that."""
    x, y = cell[0] * GRID, cell[1] * GRID
    if towards is not None:
        x += 5 * ((towards[0] > cell[0]) - (towards[0] < cell[0]))
        y += 5 * ((towards[1] > cell[1]) - (towards[1] < cell[1]))
    return f"{x} {y}"
