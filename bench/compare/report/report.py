#!/usr/bin/env python3
"""Makes the page of a comparison from its figures; needs nothing but Python 3.

  bench/compare/report/report.py results.json --out DIR                  DIR/report.html, one file with all in it
  bench/compare/report/report.py results.json --markdown                 the tables on standard output
  bench/compare/report/report.py results.json --markdown --only summary,quality
  bench/compare/report/report.py results.json --into docs/comparison.md  rewrites the tables between its marks

Ends with 0 also when floors were missed: it tells, it does not judge builds.
"""
import argparse
import os
import re
import sys

import markdown
import page
from results import Malformed, Results
from sections import all_sections

MARKS = re.compile(r"(<!-- figures:([a-z_,]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def fill(path, sections):
    """Puts the sections named by each mark between it and its end."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    filled, count = MARKS.subn(lambda m: m[1] + "\n" + markdown.render(sections, m[2].split(",")) + "\n" + m[3], text)
    if not count:
        raise SystemExit(f"{path} has no `<!-- figures:NAME -->` … `<!-- end of figures -->`")
    with open(path, "w", encoding="utf-8") as file:
        file.write(filled)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results")
    parser.add_argument("--out", help="folder for report.html")
    parser.add_argument("--markdown", action="store_true", help="print tables")
    parser.add_argument("--into", help="a Markdown file whose figures are rewritten")
    parser.add_argument("--only", help="sections by name, with commas between")
    options = parser.parse_args()
    if not (options.out or options.markdown or options.into):
        parser.error("nothing to do: --out, --markdown or --into")
    try:
        results = Results.read(options.results)
    except Malformed as error:
        raise SystemExit(str(error)) from error
    sections = all_sections(results)
    only = options.only.split(",") if options.only else None
    unknown = set(only or ()) - {s.name for s in sections}
    if unknown:
        raise SystemExit(f"no section called {', '.join(sorted(unknown))}; there are {', '.join(s.name for s in sections)}")
    if options.out:
        os.makedirs(options.out, exist_ok=True)
        path = os.path.join(options.out, "report.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(page.render(results, sections))
        print(path, file=sys.stderr)
    if options.markdown:
        print(markdown.render(sections, only), end="")
    if options.into:
        fill(options.into, sections)


if __name__ == "__main__":
    main()
