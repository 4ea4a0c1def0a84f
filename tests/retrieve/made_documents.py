"""Documents made on the spot: a PDF with a page per text, a Word document, and texts of every kind."""

from __future__ import annotations

import io
from collections.abc import Sequence


def pdf(pages: Sequence[str], *, password: str = "", title: str = "") -> bytes:
    """A PDF with these lines on its pages."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(595, 842)
        shown = "".join(f"({line}) Tj T*\n" for line in text.split("\n"))
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 11 Tf 14 TL 50 780 Td\n{shown}ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def docx() -> bytes:
    """A Word document with headings, a list and a table."""
    from docx import Document

    document = Document()
    document.core_properties.title = "Leave policy"
    document.add_heading("Leave", 1)
    document.add_paragraph("Everybody has 28 days.")
    document.add_heading("Exceptions", 2)
    document.add_paragraph("Pilots have 35 days.", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for row, cells in enumerate((("grade", "days"), ("A", "30"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    document.add_paragraph("Ask the office.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


PROSE = (
    "PART I\n\nSection 1 Refunds\n\nA customer may return goods within 30 days. The days are counted from delivery. "
    "Perishable goods are excluded.\n\n"
    + "".join(
        f"Section {n} Clause of number {n}\n\n" + f"The carrier shall bear the cost of item {n}, if any. " * 40 + "\n\n"
        for n in range(2, 6)
    )
)
MARKDOWN = (
    "# Handbook\n\nWelcome.\n\n## Travel\n\n"
    + "Trips are booked by the office. Keep your receipts. " * 40
    + "\n\n### Hotels\n\n- up to 120 a night\n- up to 180 in capitals\n\n```python\nclass A:\n    # no heading\n    x = 1\n```\n\n"
    + "## Rates\n\n| country | rate |\n| --- | --- |\n"
    + "".join(f"| Country number {n} | {n * 7} |\n" for n in range(120))
)
CSV = "name,city,amount\n" + "".join(f'"Person, {n}",Town {n % 7},{n * 3}.50\n' for n in range(200))
JSONL = "".join(f'{{"id": {n}, "note": "ticket number {n} about billing"}}\n' for n in range(120))
JSON = (
    '{"orders": ['
    + ", ".join(f'{{"id": {n}, "lines": [{{"sku": "A{n}", "n": {n}}}]}}' for n in range(90))
    + '], "total": 90}'
)
DIALOGUE = (
    "".join(
        f"{'Ann' if n % 2 else 'Bob'}: I think that point {n} needs more time. We should ask Carol about it.\n"
        for n in range(60)
    )
    + "Ann: "
    + "And this is what I meant all along, to be clear. " * 60
    + "\n"
)
CODE = (
    '"""Module."""\n\nimport os\n\n\nclass Store:\n    """Keeps things."""\n\n'
    + "".join(
        f"    def method_{n}(self, x):\n        # adds\n        y = x + {n}\n        return [y, self.other({n}), 'text {n}']\n\n"
        for n in range(30)
    )
    + "\ndef long(x):\n"
    + "".join(f"    x = x + {n}  # step {n}\n" + ("\n" if n % 20 == 0 else "") for n in range(200))
    + "    return x\n"
)
LOG = "".join(
    f"2026-01-02 03:04:{n % 60:02d} INFO worker {n} took job {n * 17}\n"
    + ("Traceback (most recent call last):\n  File 'x.py', line 3\nValueError: bad\n" if n % 25 == 0 else "")
    for n in range(150)
)
DIFF = "".join(
    f"diff --git a/f{n}.py b/f{n}.py\n--- a/f{n}.py\n+++ b/f{n}.py\n@@ -1,3 +1,3 @@\n a\n-b{n}\n+c{n}\n d\n"
    f"@@ -9,3 +9,3 @@\n e\n-f\n+g\n h\n"
    for n in range(20)
)
SAMPLES = {
    "terms.txt": PROSE,
    "handbook.md": MARKDOWN,
    "people.csv": CSV,
    "tickets.jsonl": JSONL,
    "orders.json": JSON,
    "call.txt": DIALOGUE,
    "store.py": CODE,
    "worker.log": LOG,
    "change.diff": DIFF,
}
