"""The report's tables as Markdown, for docs/comparison.md. Charts stay in the page."""
from blocks import LONG, Cell, Missing, Table, Text


def _cell(cell):
    if not isinstance(cell, Cell):
        return str(cell).replace("|", "\\|").replace("\n", " ")
    text = cell.text.replace("|", "\\|") + ("†" if cell.unstable else "")
    return f"**{text}**" if cell.best or cell.verdict == "lost" else text


def _table(table):
    numeric = [bool(table.rows) and all(isinstance(row[i], Cell) and row[i].number for row in table.rows)
               for i in range(len(table.columns))]
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "|".join(" ---: " if n else " --- " for n in numeric) + "|"]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in table.rows]
    return "\n".join(lines)


def render(sections, only=None):
    """All sections, or those whose names are in `only`, as one text."""
    out = []
    for section in sections:
        if only and section.name not in only:
            continue
        out.append(f"### {section.title}")
        for block in section.blocks:
            if isinstance(block, Table) and len(block.rows) > LONG:
                out.append(f"{block.caption or 'All figures'}: {len(block.rows)} lines, in the page.")
            elif isinstance(block, Table):
                out += ([block.caption + ":"] if block.caption else []) + [_table(block)]
            elif isinstance(block, (Text, Missing)):
                out.append(block.text)
    out.append("† varied by more than 20 % between repetitions.")
    return "\n\n".join(out) + "\n"
