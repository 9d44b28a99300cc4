"""The report as one HTML file that needs nothing else: style and charts stand in it."""
import os
import re
from html import escape

from blocks import LONG, Cell, Chart, Missing, Table


def _style():
    with open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "page.css"), encoding="utf-8") as file:
        return file.read()


def _inline(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def _cell(cell, tag="td"):
    if not isinstance(cell, Cell):
        return f"<{tag}>{_inline(str(cell))}</{tag}>"
    classes = [c for c, on in (("n", cell.number), ("best", cell.best), (f"v {cell.verdict}", cell.verdict)) if on]
    text = _inline(cell.text)
    if cell.unstable:
        text += '<abbr title="varied by more than 20 % between repetitions">†</abbr>'
    if cell.spread:
        text += f"<small>{escape(cell.spread)}</small>"
    return f"<{tag}{f' class={chr(34)}' + ' '.join(classes) + chr(34) if classes else ''}>{text}</{tag}>"


def _table(table):
    numeric = [bool(table.rows) and all(isinstance(row[i], Cell) and row[i].number for row in table.rows)
               for i in range(len(table.columns))]
    head = "".join(f'<th scope="col"{" class=n" if n else ""}>{escape(c)}</th>' for c, n in zip(table.columns, numeric))
    body = "".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>\n" for row in table.rows)
    # Not a <caption>: it would scroll away with a wide table.
    caption = f'<p class="caption">{_inline(table.caption)}</p>' if table.caption else ""
    # Focusable, so that a wide table can be scrolled by keys, too.
    folded = len(table.rows) > LONG
    html = (f'<div class="wide" tabindex="0" role="region" aria-label="{escape(table.caption or "table")}"><table>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")
    if not folded:
        return caption + html
    return f"<details><summary>{_inline(table.caption or 'All figures')} ({len(table.rows)} lines)</summary>{html}</details>"


def _block(block):
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Chart):
        return f"<figure>{block.svg}<figcaption>{_inline(block.caption)}</figcaption></figure>"
    kind = ' class="missing"' if isinstance(block, Missing) else ""
    return "".join(f"<p{kind}>{_inline(part)}</p>" for part in block.text.split("\n\n"))


def _blocks(blocks):
    """Charts that follow each other stand side by side where there is room."""
    out, row = [], []
    for block in [*blocks, None]:
        if isinstance(block, Chart):
            row.append(_block(block))
            continue
        if row:
            out.append(f'<div class="charts">{"".join(row)}</div>')
            row = []
        if block is not None:
            out.append(_block(block))
    return "\n".join(out)


def render(results, sections):
    m = results.machine
    told = ", ".join(str(x) for x in (m.get("cpu"), f"{m.get('threads')} threads" if m.get("threads") else None,
                                      f"{m.get('memory_gib')} GiB" if m.get("memory_gib") else None) if x)
    links = "".join(f'<li><a href="#{s.name}">{escape(s.title)}</a></li>' for s in sections)
    body = "\n".join(f'<section id="{s.name}"><h2>{escape(s.title)}</h2>\n{_blocks(s.blocks)}</section>' for s in sections)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Engram, side by side</title><style>
{_style()}</style></head><body>
<header><h1>Engram, side by side</h1>
<p>The same data and the same questions through every system on one machine, in turn. {escape(told)}; commit
<code>{escape(results.commit)}</code>, {escape(results.time)}.</p>
<p>Figures are medians over the repetitions, with the smallest and the largest beside them; bold is the best of a case;
† marks one that varied by more than 20 %.</p>
<nav aria-label="Sections"><ul>{links}</ul></nav></header>
<main>{body}</main></body></html>
"""
