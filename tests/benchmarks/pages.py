"""Pages as teams discuss them, made up by chance that is always the same, and what is done to them between versions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from random import Random

WORDS = """
account amount annual archive balance basket billing branch budget button calendar cancel card change charge
check client column comment company confirm contact country coupon credit customer daily deliver deposit
detail discount draft due email expense export failed filter final folder forward garden growth harbour
history import invoice island journey kitchen label lantern ledger letter limit market meadow member message
monthly mountain notice number office order owner packet partner payment pending person picture policy
preview price product profile project receipt refund region report request result review river sample
schedule search season section service settle shipping signal silver simple status stock storage summary
supplier support target tariff team ticket timber total transfer travel update user value vendor version
village waiting weekly winter window yearly
""".split()  # noqa: SIM905

CSS = """
:root { --page: #f6f7f9; --card: #ffffff; --ink: #1f2733; --faint: #6b7686; --line: #dde2ea; --accent: #2457d6;
  --good: #1b8a4b; --bad: #c0392b; --font: 'DejaVu Sans', sans-serif; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 var(--font); }
nav { display: flex; gap: 26px; padding: 16px 40px; background: var(--card); border-bottom: 1px solid var(--line); }
nav b { margin-right: auto; font-size: 18px; }
main { padding: 28px 40px 48px; }
h1 { font-size: 28px; margin: 0 0 18px; } h2 { font-size: 20px; margin: 22px 0 10px; }
h3 { font-size: 16px; margin: 0 0 6px; }
p { margin: 0 0 12px; }
.cols { display: flex; gap: 22px; align-items: flex-start; } .cols > * { flex: 1; }
.wrap { display: grid; grid-template-columns: repeat(4, 1fr); gap: 20px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px; }
.art { height: 120px; border-radius: 6px; margin-bottom: 10px; }
.price { color: var(--good); font-weight: bold; } small { color: var(--faint); } .bad { color: var(--bad); }
button { background: var(--accent); color: white; border: 0; border-radius: 6px; padding: 9px 18px;
  font: inherit; display: inline-block; }
table { width: 100%; border-collapse: collapse; background: var(--card); }
th, td { text-align: left; padding: 9px 12px; border-bottom: 1px solid var(--line); }
.field { display: flex; gap: 20px; padding: 11px 0; border-bottom: 1px solid var(--line); }
.field label { width: 220px; } .field span { flex: 1; border: 1px solid var(--line); border-radius: 5px;
  padding: 6px 10px;  background: var(--card); max-width: 460px; }
.mail { display: flex; gap: 16px; padding: 10px 14px; border-bottom: 1px solid var(--line); background: var(--card); }
.mail b { width: 190px; } .mail span { flex: 1; } .stack > * { margin-bottom: 14px; }
.month { display: grid; grid-template-columns: repeat(7, 1fr); gap: 1px; background: var(--line); }
.month > * { background: var(--card); min-height: 96px; padding: 7px; font-size: 13px; }
.code { font: 13px/1.5 'DejaVu Sans Mono', monospace; background: var(--card); padding: 14px 18px;
  border: 1px solid var(--line); }
"""


class Writer:
    """Writes one page; everything that a marker may stand on has a number that outlives every change."""

    def __init__(self, name: str) -> None:
        self.random = Random(name)
        self._numbers = count()

    def words(self, least: int, most: int) -> str:
        """A few words, the first one with a capital."""
        return " ".join(self.random.choices(WORDS, k=self.random.randint(least, most))).capitalize()

    def money(self) -> str:
        """An amount."""
        return f"{self.random.randint(1, 4999)}.{self.random.randint(0, 99):02} €"

    def tag(self, name: str, text: str, more: str = "") -> str:
        """An element that can be marked."""
        return f'<{name} data-mark="{next(self._numbers)}" {more}>{text}</{name}>'

    def art(self) -> str:
        """A picture in the page: shapes on a gradient."""
        dice = self.random
        hues = [dice.randint(0, 359) for _ in range(3)]
        shapes = "".join(
            f'<circle cx="{dice.randint(0, 300)}" cy="{dice.randint(0, 120)}" r="{dice.randint(8, 46)}" '
            f'fill="hsl({hues[1] + 9 * step},60%,{dice.randint(30, 75)}%)"/>'
            f'<rect x="{dice.randint(0, 280)}" y="{dice.randint(0, 100)}" width="{dice.randint(10, 90)}" '
            f'height="{dice.randint(6, 60)}" fill="hsl({hues[2]},45%,{dice.randint(30, 75)}%)"/>'
            for step in range(5)
        )
        paint = f"background:linear-gradient(120deg,hsl({hues[0]},55%,70%),hsl({hues[0] + 50},50%,45%))"
        svg = (
            f'<svg width="100%" height="120" viewBox="0 0 300 120" preserveAspectRatio="none">{shapes}</svg>'
        )
        return self.tag("div", svg, f'class="art" style="{paint}"')

    def page(self, write: Callable[[Writer], str]) -> str:
        """The whole document; ``write`` writes what is under its heading."""
        body = write(self)
        links = "".join(self.tag("span", self.words(1, 1)) for _ in range(5))
        brand = self.tag("b", self.words(2, 2))
        head = f"<!doctype html><meta charset=utf-8><style>{CSS}</style>"
        return f"{head}<nav>{brand}{links}</nav><main>{self.tag('h1', self.words(2, 5))}{body}</main>"


def shop(to: Writer) -> str:
    cards = "".join(
        f'<div class="card row">{to.art()}{to.tag("h3", to.words(2, 4))}'
        f"{to.tag('p', to.words(5, 9))}{to.tag('span', to.money(), 'class=price')} "
        f"{to.tag('button', to.words(1, 2))}</div>"
        for _ in range(12)
    )
    return f'<div class="wrap">{cards}</div>'


def orders(to: Writer) -> str:
    names = ("name", "client", "status", "due", "total", "")
    head = "".join(to.tag("th", name.capitalize()) for name in names)
    rows = "".join(
        "<tr class=row>"
        + to.tag("td", f"#{to.random.randint(1000, 9999)}")
        + to.tag("td", to.words(2, 3))
        + to.tag("td", to.random.choice(("Paid", "Pending", "Failed")))
        + to.tag("td", f"{to.random.randint(1, 28)} May")
        + to.tag("td", to.money())
        + to.tag("td", "Open")
        + "</tr>"
        for _ in range(24)
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def settings(to: Writer) -> str:
    def part() -> str:
        fields = "".join(
            f'<div class="field row">{to.tag("label", to.words(1, 3))}{to.tag("span", to.words(1, 4))}</div>'
            for _ in range(7)
        )
        return (
            f'<div class="card">{to.tag("h2", to.words(1, 3))}{fields}<p></p>{to.tag("button", "Save")}</div>'
        )

    return f'<div class="cols">{part()}{part()}</div><p></p><div class="cols">{part()}{part()}</div>'


def article(to: Writer) -> str:
    def section() -> str:
        texts = "".join(to.tag("p", to.words(50, 90) + ".") for _ in range(2))
        return f'<div class="row">{to.tag("h2", to.words(2, 6))}{texts}</div>'

    aside = "".join(
        f'<div class="card">{to.tag("h3", to.words(2, 3))}{to.tag("small", to.words(4, 8))}</div>'
        for _ in range(6)
    )
    text = "".join(section() for _ in range(6))
    return f'<div class="cols"><div style="flex:3">{text}</div><div class="stack">{aside}</div></div>'


def mail(to: Writer) -> str:
    folders = "".join(to.tag("p", to.words(1, 2)) for _ in range(9))
    mails = "".join(
        f'<div class="mail row">{to.tag("b", to.words(2, 2))}{to.tag("span", to.words(6, 12))}'
        f"{to.tag('small', f'{to.random.randint(0, 23)}:{to.random.randint(0, 59):02}')}</div>"
        for _ in range(20)
    )
    return f'<div class="cols"><div class="card">{folders}</div><div style="flex:5">{mails}</div></div>'


def figures(to: Writer) -> str:
    tiles = "".join(
        f'<div class="card">{to.tag("small", to.words(1, 2))}<br>'
        f"{to.tag('b', to.money(), 'style=font-size:24px')}</div>"
        for _ in range(4)
    )

    def chart() -> str:
        bars = "".join(
            f'<rect data-mark="c{to.random.random()}" x="{20 + 38 * at}" y="{200 - high}" width="26" height="{high}" '
            'fill="var(--accent)"/>'
            for at, high in enumerate(to.random.randint(20, 180) for _ in range(14))
        )
        svg = f'<svg width="600" height="220">{bars}<path d="M10 200H580" stroke="var(--ink)"/></svg>'
        return f'<div class="card">{to.tag("h3", to.words(2, 3))}{svg}{to.tag("p", to.words(6, 12))}</div>'

    rows = "".join(
        f'<div class="cols row" style="margin-top:22px">{chart()}{chart()}</div>' for _ in range(3)
    )
    return f'<div class="cols">{tiles}</div>{rows}'


def board(to: Writer) -> str:
    def column() -> str:
        cards = "".join(
            f'<div class="card row">{to.tag("h3", to.words(2, 5))}{to.tag("p", to.words(4, 14))}'
            f"{to.tag('small', to.words(1, 2))}</div>"
            for _ in range(to.random.randint(4, 7))
        )
        return f'<div class="stack">{to.tag("h2", to.words(1, 2))}{cards}</div>'

    return f'<div class="cols">{"".join(column() for _ in range(4))}</div>'


def prices(to: Writer) -> str:
    def plan() -> str:
        points = "".join(to.tag("p", "✓ " + to.words(2, 5)) for _ in range(6))
        amount = to.tag("b", to.money(), "style=font-size:26px")
        button = to.tag("button", to.words(2, 2))
        return f'<div class="card">{to.tag("h2", to.words(1, 1))}{amount}<p></p>{points}{button}</div>'

    asked = "".join(
        f'<div class="row">{to.tag("h3", to.words(4, 8) + "?")}{to.tag("p", to.words(20, 45) + ".")}</div>'
        for _ in range(7)
    )
    return f'<div class="cols">{plan()}{plan()}{plan()}</div><h2>Questions</h2>{asked}'


def month(to: Writer) -> str:
    days = "".join(
        f"<div>{to.tag('b', str(day % 31 + 1))}<br>"
        + "".join(to.tag("span", to.words(1, 3)) + "<br>" for _ in range(to.random.randint(0, 3)))
        + "</div>"
        for day in range(35)
    )
    notes = "".join(f'<div class="mail row">{to.tag("span", to.words(4, 9))}</div>' for _ in range(5))
    return f'<div class="month">{days}</div><h2>Notes</h2>{notes}'


def manual(to: Writer) -> str:
    def step() -> str:
        lines = "<br>".join(
            to.tag("span", f"{to.words(1, 1).lower()} --{to.words(1, 1).lower()}") for _ in range(4)
        )
        return (
            f'<div class="row">{to.tag("h2", to.words(2, 4))}{to.tag("p", to.words(20, 40) + ".")}'
            f'<div class="code">{lines}</div></div>'
        )

    contents = "".join(to.tag("p", to.words(2, 4)) for _ in range(12))
    steps = "".join(step() for _ in range(7))
    return f'<div class="cols"><div class="card">{contents}</div><div style="flex:3">{steps}</div></div>'


PAGES: dict[str, Callable[[Writer], str]] = {
    page.__name__: page
    for page in (shop, orders, settings, article, mail, figures, board, prices, month, manual)
}

CHANGES = {
    "banner": """document.body.insertAdjacentHTML('afterbegin',
        '<div style="padding:17px 40px;background:#fff3c4">New: all reports can be exported now.</div>')""",
    "padding": "document.querySelector('main').style.padding = '44px 56px 48px 60px'",
    "font": "document.documentElement.style.setProperty('--font', 'DejaVu Serif, serif')",
    "theme": """for (const [name, color] of Object.entries({page: '#fbf6ee', accent: '#b3261e', ink: '#3a2a1c',
        line: '#e6d9c5', faint: '#8a7660'})) document.documentElement.style.setProperty('--' + name, color)""",
    "dark": """for (const [name, color] of Object.entries({page: '#12161c', card: '#1c222b', ink: '#e4e8ee',
        faint: '#97a3b3', line: '#2f3844', accent: '#5b8cff', good: '#5fd394', bad: '#ff7b6b'}))
        document.documentElement.style.setProperty('--' + name, color)""",
    "label changed": "document.querySelectorAll('[data-mark]')[9].textContent = 'Quite another word'",
    "row removed": "document.querySelectorAll('.row')[2].remove()",
    "row inserted": """{ const row = document.querySelectorAll('.row')[2], copy = row.cloneNode(true);
        for (const part of copy.querySelectorAll('[data-mark]')) { part.removeAttribute('data-mark');
          if (!part.querySelector('svg')) part.textContent = 'Fresh ' + part.textContent.split('').reverse().join('') }
        row.before(copy) }""",
    "columns swapped": """for (const each of document.querySelectorAll('.cols')) each.prepend(each.children[1]);
        for (const each of document.querySelectorAll('table tr')) each.prepend(each.children[1]);
        for (const each of document.querySelectorAll('.wrap')) each.prepend(each.children[1]);
        for (const each of document.querySelectorAll('.month')) each.prepend(each.children[1])""",
}
"""What is done to a page by the browser; the rest is done to its picture."""
