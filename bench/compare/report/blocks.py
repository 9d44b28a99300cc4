"""What a report consists of, free of how it is shown: page.py makes HTML of it, markdown.py Markdown."""
from dataclasses import dataclass, field

LONG = 30  # rows; longer tables are folded on the page and left out of Markdown


@dataclass
class Cell:
    text: str
    number: bool = False    # aligned right
    best: bool = False
    verdict: str = ""       # "won", "lost" or "open"
    unstable: bool = False  # the repetitions differ by more than a fifth
    spread: str = ""        # "min–max", small


@dataclass
class Table:
    columns: list
    rows: list              # of lists of Cell or str
    caption: str = ""


@dataclass
class Text:
    text: str               # `code` and blank lines between paragraphs are understood


@dataclass
class Missing:
    """What was not measured, and what that hides."""
    text: str


@dataclass
class Chart:
    svg: str
    caption: str


@dataclass
class Section:
    title: str
    name: str               # anchor
    blocks: list = field(default_factory=list)
