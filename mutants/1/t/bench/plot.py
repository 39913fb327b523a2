"""Line plots as SVG, logarithmic upwards, readable in light and dark pages. No library: a few hundred bytes of text."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 50, 55
COLOURS = ("#c0392b", "#2471a3", "#1e8449", "#9a7d0a")
MARKS = ("circle", "rect", "circle", "rect")


def _text(x, y, text, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(text)}</text>'


def _mark(kind, x, y, colour, label):
    shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"' if kind == "circle" else f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"'
    return f'{shape} fill="{colour}"><title>{escape(label)}</title></{"circle" if kind == "circle" else "rect"}>'


class _Scale:
    def __init__(self, values, is_log_x):
        xs = sorted({x for points in values.values() for x, _ in points})
        ys = [y for points in values.values() for _, y in points if y > 0] or [1]
        self.xs, self.is_log_x = xs, is_log_x
        self.low = math.floor(math.log10(min(ys)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(ys))))

    def x(self, value):
        along = math.log2 if self.is_log_x else float
        first, last = along(self.xs[0]), along(self.xs[-1])
        return LEFT + (along(value) - first) / ((last - first) or 1) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        part = (math.log10(max(value, 10 ** self.low)) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)


def _axes(scale, title, x_label, when):
    out = [_text(LEFT, 22, title, 'font-size="16" font-weight="bold"'), _text(LEFT, 38, when, 'font-size="11" opacity="0.75"')]
    for power in range(scale.low, scale.high + 1):
        y = scale.y(10 ** power)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" opacity="0.2"/>')
        out.append(_text(LEFT - 8, y + 4, f"{10 ** power:,}" if power >= 0 else f"{10 ** power:g}", 'text-anchor="end"'))
    for value in scale.xs:
        out.append(_text(scale.x(value), HEIGHT - BOTTOM + 18, str(value), 'text-anchor="middle"'))
    out.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, 'text-anchor="middle"'))
    out.append(_text(16, (TOP + HEIGHT - BOTTOM) / 2, "messages a second", f'text-anchor="middle" transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"'))
    return out


def write(path, title, x_label, values, when, is_log_x):
    """values: name -> list of (x, messages a second)."""
    scale = _Scale(values, is_log_x)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" font-size="12" fill="currentColor">',
           f"<title>{escape(title)}</title>",
           "<style>svg{color:#222;background:#fff}@media(prefers-color-scheme:dark){svg{color:#ddd;background:#1b1b1b}}</style>"]
    out += _axes(scale, title, x_label, when)
    for number, (name, points) in enumerate(values.items()):
        colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        line = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [_mark(mark, scale.x(x), scale.y(y), colour, f"{name}, {x}: {y:,.0f} msg/s") for x, y in points]
        x, y = points[-1]
        out.append(_text(scale.x(x) + 10, scale.y(y) + 4, f"{name} {y:,.0f}", f'fill="{colour}"'))
    out.append("</svg>")
    with open(path, "w") as file:
        file.write("\n".join(out) + "\n")
