"""A sheet laid out on A4: black on white, no row cut, heads of tables repeated, every page named and numbered. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any

from reportlab.lib.colors import CMYKColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, Frame, KeepTogether, PageTemplate, Paragraph, Spacer
from reportlab.platypus import Table as Grid

from clinic.staff.printed_record.figure import MapFigure, SignPicture
from clinic.staff.printed_record.sheet import Fact, Facts, Figures, Notice, Prose, Sheet, Table
from clinic.staff.printed_record.typeface import BOLD, PLAIN, Typesetter

PAGE_WIDTH, PAGE_HEIGHT = A4
SIDE, TOP, BOTTOM = 16 * mm, 11 * mm, 10 * mm
WIDTH = PAGE_WIDTH - 2 * SIDE
#: Between the head of a page and what stands on it, and above its foot.
AIR = 9.0
#: Width of one view: large where there are one or two, so that four still stand together on a page.
LARGE, SMALL = 234.0, 205.0
#: A fact longer than this gets the whole width and may run over pages; a row of a table never does.
LONG_FACT = 1500
#: A block with no more than this in it begins on the page that has room for all of it.
FEW_ROWS, FEW_WORDS = 8, 1200
#: Room that the heading of a longer one needs: its own, the head of the table and some rows.
START = 96.0
STAMP_SIZE = 150

BLACK, GREY, FAINT = CMYKColor(0, 0, 0, 1), CMYKColor(0, 0, 0, 0.65), CMYKColor(0, 0, 0, 0.22)


def _style(name: str, size: float, lead: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=PLAIN, fontSize=size, leading=lead, textColor=BLACK, **more)


BODY = _style("body", 9.5, 12)
RIGHT = ParagraphStyle("right", BODY, alignment=TA_RIGHT)
STRONG = ParagraphStyle("strong", BODY, fontName=BOLD)
STRONG_RIGHT = ParagraphStyle("strong-right", STRONG, alignment=TA_RIGHT)
SMALL_TEXT = _style("small", 8.2, 10.2)
NAME = ParagraphStyle("name", SMALL_TEXT, textColor=GREY, leading=12)
SMALL_RIGHT = ParagraphStyle("small-right", SMALL_TEXT, alignment=TA_RIGHT)
TITLE = _style("title", 17, 20, spaceAfter=1)
TITLE.fontName = BOLD
UNDER_TITLE = _style("under-title", 11, 14, spaceAfter=6)
HEADING = _style("heading", 11, 14, spaceBefore=11, spaceAfter=3)
HEADING.fontName = BOLD
PRINT = _style("print", 7, 8.6)


def printed(sheet: Sheet) -> bytes:
    """The sheet as a PDF file. Any text is printed as it stands: mark-up in it has no meaning, a very long word is broken."""
    return _Printer(sheet).pdf()


class _Printer:
    """Lays one sheet out."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet, self._setter = sheet, Typesetter()
        self._head, self._head_height = self._page_head()
        self._foot, self._foot_height = self._page_foot()
        self._page_words, self._stamp = self._setter.text(sheet.page_words), self._setter.text(sheet.stamp)

    def pdf(self) -> bytes:
        story = self._story()
        file = BytesIO()
        document = BaseDocTemplate(
            file,
            pagesize=A4,
            title=self._sheet.title,
            author=self._sheet.clinic,
            subject="",
            creator="",
            lang=self._sheet.language,
            displayDocTitle=True,
        )
        frame = Frame(
            SIDE,
            BOTTOM + self._foot_height + AIR,
            WIDTH,
            PAGE_HEIGHT - TOP - self._head_height - BOTTOM - self._foot_height - 2 * AIR,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        document.addPageTemplates([PageTemplate("page", [frame], onPage=self._draw_page, onPageEnd=self._draw_stamp)])
        document.build(story, canvasmaker=partial(_NumberedCanvas, page_words=self._page_words))
        return file.getvalue()

    # -- what stands on every page ------------------------------------------------------------------------------------

    def _page_head(self) -> tuple[Grid, float]:
        sheet = self._sheet
        left = [self._text(sheet.clinic, STRONG), self._text(sheet.clinic_address, SMALL_TEXT)]
        right = [self._text(sheet.person, STRONG_RIGHT), self._text(sheet.person_details, SMALL_RIGHT)]
        head = _grid([[left, right]], [WIDTH * 0.5, WIDTH * 0.5], [("LINEBELOW", (0, 0), (-1, -1), 0.8, BLACK)])
        return head, head.wrap(WIDTH, PAGE_HEIGHT)[1]

    def _page_foot(self) -> tuple[Grid, float]:
        lines = [self._text(line, PRINT) for line in self._sheet.small_print]
        foot = _grid([[lines, ""]], [WIDTH * 0.84, WIDTH * 0.16], [("LINEABOVE", (0, 0), (-1, -1), 0.4, GREY)])
        return foot, foot.wrap(WIDTH, PAGE_HEIGHT)[1]

    def _draw_page(self, canvas: Any, _document: object) -> None:
        self._head.drawOn(canvas, SIDE, PAGE_HEIGHT - TOP - self._head_height)
        self._foot.drawOn(canvas, SIDE, BOTTOM)

    def _draw_stamp(self, canvas: Any, _document: object) -> None:
        if not self._stamp:
            return
        canvas.saveState()
        canvas.translate(PAGE_WIDTH / 2, PAGE_HEIGHT / 2)
        canvas.rotate(52)
        # Light enough to read what it stands on.
        canvas.setStrokeGray(0.6)
        canvas.setLineWidth(1.3)
        text = canvas.beginText()
        text.setTextRenderMode(1)
        text.setFont(BOLD, STAMP_SIZE)
        text.setTextOrigin(-canvas.stringWidth(self._stamp, BOLD, STAMP_SIZE) / 2, -STAMP_SIZE / 3)
        text.textOut(self._stamp)
        canvas.drawText(text)
        canvas.restoreState()

    # -- what stands on it once ---------------------------------------------------------------------------------------

    def _story(self) -> list[Flowable]:
        sheet = self._sheet
        story: list[Flowable] = [self._text(sheet.heading, TITLE), self._text(sheet.subheading, UNDER_TITLE)]
        for notice in sheet.notices:
            story += self._notice(notice)
        for block in sheet.blocks:
            if isinstance(block, Facts):
                story += self._facts(block)
            elif isinstance(block, Table):
                story += self._table(block)
            elif isinstance(block, Figures):
                story += self._figures(block)
            else:
                story += self._prose(block)
        if missing := self._setter.missing:
            words = sheet.unprintable % {"signs": ", ".join(missing)}
            story += self._prose(Prose(sheet.unprintable_heading, words))
        return story

    def _notice(self, notice: Notice) -> list[Flowable]:
        box = [("BOX", (0, 0), (-1, -1), 1.4, BLACK), ("LEFTPADDING", (0, 0), (-1, -1), 7), ("RIGHTPADDING", (0, 0), (-1, -1), 7)]
        cell = [self._text(notice.heading, STRONG), self._text(notice.text, BODY)]
        return [_grid([[cell]], [WIDTH], [*box, ("BOTTOMPADDING", (0, 0), (-1, -1), 5)]), Spacer(0, 6)]

    def _facts(self, block: Facts) -> list[Flowable]:
        story = self._heading(block.heading)
        rows = [one for one in block.facts if len("".join(one.lines)) <= LONG_FACT]
        if block.columns == 2:
            half, column = (len(rows) + 1) // 2, WIDTH / 2
            halves = [self._fact_rows(some, column, 0.26) for some in (rows[:half], rows[half:]) if some]
            story.append(_grid([halves], [column] * len(halves), []))
        elif rows:
            story.append(self._fact_rows(rows, WIDTH, 0.2))
        for one in block.facts:
            if one not in rows:
                story += [self._text(one.name, NAME), *(self._text(line, BODY) for line in one.lines)]
        return self._together(story, sum(len("".join(one.lines)) for one in block.facts) <= FEW_WORDS)

    def _fact_rows(self, facts: Sequence[Fact], width: float, share: float) -> Grid:
        rows = [
            [self._text(fact.name, NAME), [self._text(line, SMALL_TEXT if at else BODY) for at, line in enumerate(fact.lines)]]
            for fact in facts
        ]
        return _grid(rows, [width * share, width * (1 - share)], [("RIGHTPADDING", (0, 0), (-1, -1), 8)])

    def _table(self, block: Table) -> list[Flowable]:
        return self._together([*self._heading(block.heading), self._rows(block, WIDTH)], len(block.rows) <= FEW_ROWS)

    def _together(self, story: list[Flowable], is_short: bool) -> list[Flowable]:
        """Nothing short is torn apart, and no heading stands at the foot of a page by itself."""
        return [KeepTogether(story)] if is_short else [CondPageBreak(START), *story]

    def _rows(self, block: Table, width: float) -> Grid:
        def row(words: Sequence[str], plain: ParagraphStyle, right: ParagraphStyle) -> list[Paragraph]:
            return [self._text(word, right if at in block.numeric else plain) for at, word in enumerate(words)]

        rows = [row(block.head, NAME, _right(NAME)), *(row(one, BODY, RIGHT) for one in block.rows)]
        look = [
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, BLACK),
            ("LINEBELOW", (0, 1), (-1, -1), 0.3, FAINT),
            ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ]
        columns = range(1, len(block.head))
        look += [("LEFTPADDING", (at, 0), (at, -1), 12) for at in columns if at - 1 in block.numeric and at not in block.numeric]
        if block.foot:
            rows.append(row(block.foot, STRONG, STRONG_RIGHT))
            look += [("LINEABOVE", (0, -1), (-1, -1), 0.8, BLACK), ("NOSPLIT", (0, -2), (-1, -1))]
        return _grid(rows, [width * share for share in block.shares], look, repeatRows=1)

    def _figures(self, block: Figures) -> list[Flowable]:
        size = LARGE if len(block.figures) < 3 else SMALL
        figures: list[object] = [MapFigure(one, size, self._setter) for one in block.figures]
        column = WIDTH / 2
        if len(figures) % 2:
            beside: object = ""
            if block.beside is not None:
                beside = [*self._heading(block.beside.heading), self._rows(block.beside, column - 10)]
            figures.append(beside)
        story: list[Flowable] = []
        for at in range(0, len(figures), 2):
            align = ("ALIGN", (0, 0), (-1, -1), "LEFT" if size == LARGE else "CENTER")
            story.append(_grid([figures[at : at + 2]], [column, column], [("TOPPADDING", (0, 0), (-1, -1), 6), align]))
        story.append(self._key(block))
        return [KeepTogether([*self._heading(block.heading), story[0]]), *story[1:]]

    def _key(self, block: Figures) -> Flowable:
        cells: list[object] = []
        widths: list[float] = []
        for sign, words in block.key:
            cells += [SignPicture(sign), self._text(words, SMALL_TEXT)]
            widths += [13, WIDTH / len(block.key) - 13]
        return _grid([cells], widths, [("VALIGN", (0, 0), (-1, -1), "MIDDLE")])

    def _prose(self, block: Prose) -> list[Flowable]:
        return self._together([*self._heading(block.heading), self._text(block.text, BODY)], len(block.text) <= FEW_WORDS)

    def _heading(self, words: str) -> list[Flowable]:
        return [self._text(words, HEADING)] if words else []

    def _text(self, words: str, style: ParagraphStyle) -> Paragraph:
        return Paragraph(self._setter.marked_up(words), style)


class _NumberedCanvas(Canvas):
    """Keeps its pages until all are there, and only then writes on each which of how many it is."""

    def __init__(self, *args: Any, page_words: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._page_words = page_words
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        kept = self._kept
        for number, page in enumerate(kept, start=1):
            self.__dict__.update(page)
            self.setFont(BOLD, 8.2)
            self.setFillColor(BLACK)
            self.drawRightString(PAGE_WIDTH - SIDE, BOTTOM + 2, self._page_words % {"page": number, "pages": len(kept)})
            super().showPage()
        super().save()


def _right(style: ParagraphStyle) -> ParagraphStyle:
    return ParagraphStyle(f"{style.name}-right", style, alignment=TA_RIGHT)


def _grid(rows: Sequence[Sequence[object]], widths: Sequence[float], look: Sequence[tuple[Any, ...]], **options: Any) -> Grid:
    """A table without lines or air but for what `look` says."""
    plain = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
    ]
    return Grid(list(map(list, rows)), colWidths=list(widths), hAlign="LEFT", style=[*plain, *look], **options)
