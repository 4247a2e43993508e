"""Small charts as inline SVG, without library or script; the page has the colours, so dark mode and print work.

A ``Plot`` has two axes; its methods draw in order, and ``svg()`` returns the picture. Shapes have a ``<title>``, which
browsers show as a tooltip and screen readers read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from report.markup import Html, join, tag
from report.wording import shortened

Point = tuple[float, float]
WIDTH, HEIGHT = 440.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 20.0, 12.0, 46.0
LONGEST_NAME, LETTER = 12, 7.5  # characters of a class in a heat map, and the width of one


@dataclass(frozen=True)
class Axis:
    low: float
    high: float
    label: str
    percent: bool = False

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers (1, 2 or 5 times a power of ten) within the axis."""
        step = _round_step((self.high - self.low) / about)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]

    def text(self, tick: float) -> str:
        if self.percent:
            return f"{tick * 100:.4g} %".replace("-", "−")
        for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
            if max(abs(self.low), abs(self.high)) >= size:
                return f"{tick / (1e3 if unit == 'k' else size):.4g}{unit if tick else ''}".replace("-", "−")
        return f"{tick:.4g}".replace("-", "−")

    def share(self, value: float) -> float:
        """The position of the value between low (0) and high (1)."""
        return (value - self.low) / (self.high - self.low)


class Plot:
    def __init__(self, x: Axis, y: Axis, height: float = HEIGHT, square: bool = False) -> None:
        self.x, self.y = x, y
        self.height = WIDTH - LEFT - RIGHT + TOP + BOTTOM if square else height
        self.shapes: list[Html] = []
        self._grid()

    def at(self, x: float, y: float) -> Point:
        """Data to picture coordinates."""
        bottom = self.height - BOTTOM
        return LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT), bottom - self.y.share(y) * (bottom - TOP)

    def line(self, points: Iterable[Point], style: str, title: str = "") -> None:
        path = "M" + "L".join(_pair(self.at(x, y)) for x, y in points)
        self.shapes.append(tag("path", _title(title), d=path, class_=f"line {style}"))

    def area(self, edges: Sequence[float], values: Sequence[float], style: str, title: str = "") -> None:
        """A histogram as one stepped area."""
        steps = [(edge, value) for i, value in enumerate(values) for edge in (edges[i], edges[i + 1])]
        outline = [(edges[0], self.y.low), *steps, (edges[-1], self.y.low)]
        path = "M" + "L".join(_pair(self.at(x, y)) for x, y in outline) + "Z"
        self.shapes.append(tag("path", _title(title), d=path, class_=f"area {style}"))

    def bar(self, left: float, right: float, bottom: float, top: float, style: str, title: str = "") -> None:
        (x0, y0), (x1, y1) = self.at(left, bottom), self.at(right, top)
        shape = {"x": x0, "y": min(y0, y1), "width": x1 - x0, "height": abs(y0 - y1)}
        self.shapes.append(tag("rect", _title(title), class_=style, **shape))

    def dot(self, x: float, y: float, style: str, title: str = "", whisker: tuple[float, float] | None = None) -> None:
        cx, cy = self.at(x, y)
        if whisker:
            self.line([(x, whisker[0]), (x, whisker[1])], f"whisker {style}")
        self.shapes.append(tag("circle", _title(title), cx=cx, cy=cy, r=4.5, class_=f"dot {style}"))

    def cells(self, rectangles: Iterable[tuple[float, float, float, float]], opacity: float, title: str) -> None:
        """Many rectangles (left, right, bottom, top) of one shade as one shape."""
        path = []
        for left, right, bottom, top in rectangles:
            (x0, y0), (x1, y1) = self.at(left, bottom), self.at(right, top)
            path.append(f"M{_pair((x0, y0))}H{x1:.1f}V{y1:.1f}H{x0:.1f}Z")
        self.shapes.append(
            tag("path", _title(title), d="".join(path), class_="cells", style=f"fill-opacity:{opacity:.2f}")
        )

    def text(self, x: float, y: float, words: str, anchor: str = "start", style: str = "note", dy: float = 0) -> None:
        px, py = self.at(x, y)
        self.shapes.append(tag("text", words, x=px, y=py + dy, text_anchor=anchor, class_=style))

    def vertical_line(self, x: float, words: str, style: str = "mark") -> None:
        """A vertical line with a label at its top, on the side with more room."""
        self.line([(x, self.y.low), (x, self.y.high)], style)
        on_left = self.x.share(x) > 0.6
        px, py = self.at(x, self.y.high)
        anchor = "end" if on_left else "start"
        self.shapes.append(
            tag("text", words, x=px + (-5 if on_left else 5), y=py + 11, text_anchor=anchor, class_="note")
        )

    def svg(self, label: str) -> Html:
        return svg_image(WIDTH, self.height, label, self.shapes)

    def _grid(self) -> None:
        right, bottom = WIDTH - RIGHT, self.height - BOTTOM
        for tick in self.x.ticks():
            px, _ = self.at(tick, self.y.low)
            self.shapes.append(tag("path", d=f"M{px:.1f},{TOP:.1f}V{bottom:.1f}", class_="grid"))
            self.shapes.append(tag("text", self.x.text(tick), x=px, y=bottom + 16, text_anchor="middle", class_="tick"))
        for tick in self.y.ticks():
            _, py = self.at(self.x.low, tick)
            self.shapes.append(tag("path", d=f"M{LEFT:.1f},{py:.1f}H{right:.1f}", class_="grid"))
            self.shapes.append(tag("text", self.y.text(tick), x=LEFT - 7, y=py + 4, text_anchor="end", class_="tick"))
        middle = (TOP + bottom) / 2
        self.shapes.append(
            tag("text", self.x.label, x=(LEFT + right) / 2, y=self.height - 8, text_anchor="middle", class_="label")
        )
        self.shapes.append(rotated_label(self.y.label, 12.0, middle))


def bars(rows: Sequence[tuple[str, float, str]], label: str) -> Html:
    """Horizontal bars, longest first: name, length, and the text beside the bar."""
    height, name_width, text_width = 24.0, 168.0, 52.0
    longest = max((length for _, length, _ in rows), default=0) or 1
    shapes = []
    for position, (name, length, words) in enumerate(rows):
        top = position * height
        width = max(length / longest * (WIDTH - name_width - text_width), 1.0)
        shapes.append(
            tag(
                "g",
                _title(f"{name}: {words}"),
                tag("text", shortened(name, 23), x=name_width - 8, y=top + 16, text_anchor="end", class_="name"),
                tag("rect", x=name_width, y=top + 5, width=width, height=14.0, rx=2.0, class_="bar"),
                tag("text", words, x=name_width + width + 6, y=top + 16, class_="note"),
            )
        )
    return svg_image(WIDTH, height * len(rows) + 6, label, shapes)


def track(axis: Axis, value: float, interval: tuple[float, float], marks: Sequence[tuple[str, float, str]]) -> Html:
    """One line of a table as a picture: the interval as a band, the value as a dot, and marks (style, where, title)."""
    width, height = 220.0, 22.0

    def at(number: float) -> float:
        return 6 + min(max(axis.share(number), 0.0), 1.0) * (width - 12)

    low, high = at(interval[0]), at(interval[1])
    shapes = [
        tag("path", d=f"M6,11H{width - 6:.1f}", class_="grid"),
        tag("rect", x=low, y=6.0, width=max(high - low, 2.0), height=10.0, rx=3.0, class_="band"),
    ]
    shapes += [
        tag("path", _title(title), d=f"M{at(where):.1f},2V20", class_=f"line {style}") for style, where, title in marks
    ]
    shapes.append(tag("circle", cx=at(value), cy=11.0, r=4.0, class_="dot s1"))
    return svg_image(width, height, "", shapes)


def heat_map(
    names: Sequence[str], shades: Sequence[Sequence[float]], words: Sequence[Sequence[str]], label: str
) -> Html:
    """A square table of shades (0 to 1): rows are the truth, columns the prediction."""
    left = 126.0
    size = (WIDTH - left - 8) / len(names)
    short = [shortened(name, LONGEST_NAME) for name in names]
    upright = max(map(len, short)) * LETTER > size  # names of columns would overlap side by side
    top = 30 + max(map(len, short)) * LETTER if upright else 40.0
    longest = max(len(line) for row in words for cell in row for line in cell.split("\n"))
    font = f"font-size:{min(15.0, 1.3 * size / max(longest, 2)):.1f}px"
    shapes = [
        tag("text", "predicted", x=(left + WIDTH) / 2, y=12.0, text_anchor="middle", class_="label"),
        rotated_label("true", 12.0, top + size * len(names) / 2),
    ]
    for i, name in enumerate(names):
        middle = size * (i + 0.5)
        x, y = left + middle - 1, top - 8
        turned = {"text_anchor": "start", "transform": f"rotate(-90 {x + 4:.1f} {y:.1f})"}
        place: dict[str, str | float] = (
            {"x": x + 4, "y": y, **turned} if upright else {"x": x, "y": y, "text_anchor": "middle"}
        )
        shapes.append(tag("text", _title(name), short[i], class_="name", **place))
        shapes.append(
            tag("text", _title(name), short[i], x=left - 8, y=top + middle + 4, text_anchor="end", class_="name")
        )
        for j, shade in enumerate(shades[i]):
            box = {"x": left + size * j, "y": top + size * i, "width": size - 2, "height": size - 2, "rx": 3.0}
            style = "hit" if i == j else "miss"
            title = f"true {name}, predicted {names[j]}: {words[i][j]}"
            shapes.append(
                tag("rect", _title(title), class_=style, style=f"fill-opacity:{0.06 + 0.8 * shade:.2f}", **box)
            )
            if size >= 26:
                shapes += _lines(words[i][j], box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, font)
    return svg_image(WIDTH, top + size * len(names) + 4, label, shapes)


def svg_image(width: float, height: float, label: str, shapes: Iterable[Html]) -> Html:
    attributes = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    return tag("svg", *shapes, viewBox=f"0 0 {width:.0f} {height:.0f}", **attributes)


def rotated_label(words: str, x: float, y: float) -> Html:
    """A vertical label."""
    return tag("text", words, x=x, y=y, text_anchor="middle", class_="label", transform=f"rotate(-90 {x:.1f} {y:.1f})")


def _lines(words: str, x: float, y: float, style: str) -> list[Html]:
    lines = words.split("\n")
    first = y - (len(lines) - 1) * 9 + 5
    return [
        tag("text", line, x=x, y=first + 18 * number, text_anchor="middle", class_="cell", style=style)
        for number, line in enumerate(lines)
    ]


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next((factor * power for factor in (1, 2, 2.5, 5) if factor * power >= rough * 0.999), 10 * power)


def _pair(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _title(words: str) -> Html:
    return tag("title", words.replace("\n", ", ")) if words else join()
