"""Interest that a bond has earned since its last coupon, by a day-count convention."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.calculator import call, format_number
from srm_core.calculator import plain as read
from srm_core.composing import rng_for
from srm_core.records import FormulaKey, Kind, Problem
from srm_pack_finance.day_counts import BASES, COUNTS, drawn_dates
from srm_pack_finance.posing import numbered
from srm_pack_finance.rules import RULES, rule

from .day_count import TOLD, counted

KIND = Kind(
    name="accrued_interest",
    title="accrued interest between two dates by a day-count convention",
    book="formula",
    anchor="the convention, both dates, the face value and the coupon",
    shared="the rules, and how many days lie before a month",
    second_grader="daycounts, with a number reader of its own",
)
QUESTIONS = (
    "A bond of face {face} USD pays {coupon} % a year, {name}. What interest in USD has accrued from {start} to {end}?",
    "Face {face} USD, coupon {coupon} %, {name}. Find the accrued interest in USD, {start} to {end}.",
    "Last coupon on {start}, settlement on {end}. Which interest in USD accrued on {face} USD at {coupon} % by {name}?",
    "Compute the interest in USD accrued between {start} and {end} on face {face} USD, coupon {coupon} %, {name}.",
)
TOLERANCE, CENT = 0.0005, 0.005


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems without end in sight."""
    seen = set()
    for n in range(TOLD):
        rng = rng_for(seed, KIND.name, str(n))
        name = tuple(COUNTS)[n % len(COUNTS)]
        start, end = drawn_dates(rng)
        face, coupon = 1000 * rng.randint(1, 50), rng.randint(4, 36) / 4
        told = {"face": face, "coupon": format_number(coupon), "name": RULES[name][0], "start": start, "end": end}
        anchor = " ".join(map(str, told.values()))
        if anchor in seen:
            continue
        seen.add(anchor)
        gold = face * coupon / 100 * COUNTS[name](start, end) / BASES[name]
        width = max(gold * TOLERANCE, CENT)
        work = counted(name, start, end)
        expression = f"{face}*{format_number(coupon)}/100*{read(work.days)}/{BASES[name]}"
        last = f"{{{len(work.needed)}}}"
        yield numbered(
            kind=KIND.name,
            rng=rng,
            question=rng.choice(QUESTIONS).format_map(told),
            answer=f"{format_number(gold)} USD",
            accept=(f"{gold:.2f} USD", f"${gold:,.2f}"),
            anchor=anchor,
            needed=(*work.needed, rule("accrued")),
            key=FormulaKey(
                formula=f"accrued_{name}",
                inputs={"start": str(start), "end": str(end), "face": face, "coupon": coupon},
                unit="USD",
                low=gold - width,
                high=gold + width,
            ),
            working=f"{work.steps} Days: {work.days}.\n{rule('accrued').text.removesuffix('.')} {last}.\n"
            f"Answer: {call(expression)} USD",
        )
