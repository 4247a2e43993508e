"""The style sheet of the report: light, dark and print."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f6f3; --card: #ffffff; --text: #1b1c1e; --muted: #62646a; --line: #e3e3de; --faint: #efefea;
  --s1: #2f6bd8; --s2: #d97706; --s3: #0f8f78; --s4: #8b4fc9; --s5: #c8376f; --s6: #7c7416;
  --good: #13804a; --fair: #a86400; --bad: #c0332b; --soft: 0.16;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131417; --card: #1c1e22; --text: #ecedee; --muted: #a0a3aa; --line: #32353b; --faint: #26282d;
    --s1: #74a4ff; --s2: #f5a742; --s3: #44c9ae; --s4: #bf93f5; --s5: #f57fac; --s6: #cfc45a;
    --good: #4fc98a; --fair: #f0b54a; --bad: #ff8177; --soft: 0.24;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; overflow-wrap: anywhere; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 20px 56px; }
h1 { font-size: clamp(24px, 3.6vw, 36px); line-height: 1.2; letter-spacing: -0.015em; margin: 6px 0 12px;
  max-width: 24em; }
h2 { font-size: 20px; margin: 44px 0 6px; letter-spacing: -0.01em; }
h3 { font-size: 16px; margin: 0 0 4px; }
p { margin: 0; max-width: 46em; }
.muted, .eyebrow, h2 + p, figcaption p, footer { color: var(--muted); }
.eyebrow { font-size: 14px; }
.lead { font-size: 17px; }
.verdict { border-left: 5px solid var(--tone); padding: 2px 0 2px 20px; }
.verdict.good { --tone: var(--good); } .verdict.fair { --tone: var(--fair); } .verdict.bad { --tone: var(--bad); }
.facts { display: flex; flex-wrap: wrap; gap: 10px 32px; margin: 24px 0 0; padding: 0; }
.facts div { min-width: 90px; }
.facts dt { font-size: 13px; color: var(--muted); }
.facts dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px; margin: 16px 0 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px;
  margin-top: 16px; }
figure.card { margin: 0; min-width: 0; }
figcaption { margin-bottom: 14px; }
figcaption p { font-size: 14px; line-height: 1.45; }
svg { display: block; width: 100%; height: auto;
  font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
figure > svg { max-width: 560px; }
.figures > figure:last-child:nth-child(odd) { grid-column: 1 / -1; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th, td { padding: 9px 12px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: middle; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { font-size: 13px; font-weight: 600; color: var(--muted); white-space: nowrap; }
tbody th { font-weight: 600; min-width: 150px; }
.slices tbody th { font-weight: 400; }
td small, th small { display: block; font-weight: 400; font-size: 13px; color: var(--muted); }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.track svg { width: 220px; min-width: 130px; }
.badge { display: inline-block; font-size: 12px; font-weight: 600; line-height: 1; padding: 3px 7px; border-radius: 9px;
  border: 1px solid var(--s1); color: var(--s1); vertical-align: 1px; white-space: nowrap; }
.badge.bad { border-color: var(--bad); color: var(--bad); }
pre.card { overflow-x: auto; overflow-wrap: normal; font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas,
  monospace; }
pre code { white-space: pre-wrap; }
ul.remarks { padding-left: 36px; } .remarks li + li { margin-top: 8px; }
.columns th, .columns td { overflow-wrap: normal; } .columns tbody th { min-width: 150px; overflow-wrap: break-word; }
.columns td:nth-child(4) { min-width: 120px; }
.spark svg { width: 120px; } .spark small { color: var(--muted); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 10px 0 0; padding: 0;
  font-size: 14px; }
.key { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 7px; vertical-align: 3px;
  background: var(--series); }
.key.tall { width: 3px; height: 14px; vertical-align: -2px; }
.shades { font-size: 13px; color: var(--muted); margin-top: 10px; }
.shade { display: inline-block; width: 16px; height: 11px; background: var(--s1); vertical-align: -1px; }
footer { margin-top: 44px; font-size: 14px; }
footer p + p { margin-top: 8px; }
.s1 { --series: var(--s1); } .s2 { --series: var(--s2); } .s3 { --series: var(--s3); }
.s4 { --series: var(--s4); } .s5 { --series: var(--s5); } .s6 { --series: var(--s6); }
text { fill: var(--text); }
.tick, .note, .label { fill: var(--muted); }
.tick { font-size: 12px; } .label { font-size: 13px; } .big { font-size: 17px; font-weight: 650; }
.name { font-size: 13px; } .cell { font-weight: 600; font-variant-numeric: tabular-nums; }
.track .grid { stroke: var(--line); }
.grid { stroke: var(--faint); stroke-width: 1; fill: none; }
.line { fill: none; stroke: var(--series); stroke-width: 2.25; stroke-linejoin: round; }
.reference, .baseline { stroke: var(--muted); stroke-width: 1.5; }
.reference { stroke-dasharray: 5 4; }
.baseline { stroke-width: 2; } .key.baseline { background: var(--muted); }
.champion { stroke: var(--s2); stroke-width: 3; } .key.champion { background: var(--s2); }
.threshold { stroke: var(--text); stroke-width: 2; stroke-dasharray: 3 2; }
.key.threshold { background: repeating-linear-gradient(var(--text) 0 3px, transparent 3px 5px); }
.mark { stroke: var(--text); stroke-width: 1.5; }
.whisker { stroke-width: 1.5; opacity: 0.7; }
.area { fill: var(--series); fill-opacity: var(--soft); stroke: var(--series); stroke-width: 1.5; }
.dot { fill: var(--series); stroke: var(--card); stroke-width: 1.5; }
.bar, .cells, .hit { fill: var(--s1); } .miss { fill: var(--s2); }
.count { fill: var(--muted); fill-opacity: 0.28; }
.band { fill: var(--s1); fill-opacity: 0.28; }
@media (max-width: 640px) {
  main { padding: 24px 14px 40px; }
  .card { padding: 15px; border-radius: 10px; }
  .metrics th small, .track { display: none; }
  th, td { padding: 8px 4px; }
  thead th { white-space: normal; overflow-wrap: normal; vertical-align: bottom; font-size: 12px; }
  tbody th { min-width: 84px; }
  .metrics tbody th { overflow-wrap: normal; font-size: 13px; }
}
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --text: #000; --muted: #444; --line: #ccc; --faint: #eee;
    --s1: #2f6bd8; --s2: #c46a00; --s3: #0f8f78; --s4: #8b4fc9; --s5: #c8376f; --s6: #7c7416;
    --good: #13804a; --fair: #a86400; --bad: #c0332b; }
  body { font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 22px; }
  .lead { font-size: 13px; }
  table, .legend { font-size: 11px; }
  td small, th small, thead th, figcaption p { font-size: 10px; }
  th, td { padding: 4px 5px; }
  tbody th { min-width: 0; }
  td.track svg { width: 130px; min-width: 0; }
  .scroll { overflow: visible; }
  figure, tr { break-inside: avoid; }
  .figures { grid-template-columns: 1fr 1fr; }
  h2 { break-after: avoid; }
}
"""
