"""``report.html``: the evaluation for people, one self-contained page with inline SVG charts."""
