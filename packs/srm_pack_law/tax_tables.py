"""Federal income tax of individuals, 2017 to 2023: upper ends of the brackets and standard deductions in dollars.

The figures are those of 26 U.S.C. 1 and 63(c) as adjusted for each year by the revenue procedures named here.
"""

from __future__ import annotations

from dataclasses import dataclass

PROCEDURES = {
    2017: "Rev. Proc. 2016-55",
    2018: "Rev. Proc. 2018-18",
    2019: "Rev. Proc. 2018-57",
    2020: "Rev. Proc. 2019-44",
    2021: "Rev. Proc. 2020-45",
    2022: "Rev. Proc. 2021-45",
    2023: "Rev. Proc. 2022-38",
}
STATUSES = {
    "single": "single filer",
    "joint": "married couple filing jointly",
    "head": "head of household",
    "separate": "married person filing separately",
}
RATES_2017 = (10.0, 15.0, 25.0, 28.0, 33.0, 35.0, 39.6)
RATES_2018 = (10.0, 12.0, 22.0, 24.0, 32.0, 35.0, 37.0)  # Pub. L. 115-97, for 2018 to 2025
_ENDS = {
    (2017, "single"): (9325, 37950, 91900, 191650, 416700, 418400),
    (2017, "joint"): (18650, 75900, 153100, 233350, 416700, 470700),
    (2017, "head"): (13350, 50800, 131200, 212500, 416700, 444550),
    (2017, "separate"): (9325, 37950, 76550, 116675, 208350, 235350),
    (2018, "single"): (9525, 38700, 82500, 157500, 200000, 500000),
    (2018, "joint"): (19050, 77400, 165000, 315000, 400000, 600000),
    (2018, "head"): (13600, 51800, 82500, 157500, 200000, 500000),
    (2018, "separate"): (9525, 38700, 82500, 157500, 200000, 300000),
    (2019, "single"): (9700, 39475, 84200, 160725, 204100, 510300),
    (2019, "joint"): (19400, 78950, 168400, 321450, 408200, 612350),
    (2019, "head"): (13850, 52850, 84200, 160700, 204100, 510300),
    (2019, "separate"): (9700, 39475, 84200, 160725, 204100, 306175),
    (2020, "single"): (9875, 40125, 85525, 163300, 207350, 518400),
    (2020, "joint"): (19750, 80250, 171050, 326600, 414700, 622050),
    (2020, "head"): (14100, 53700, 85500, 163300, 207350, 518400),
    (2020, "separate"): (9875, 40125, 85525, 163300, 207350, 311025),
    (2021, "single"): (9950, 40525, 86375, 164925, 209425, 523600),
    (2021, "joint"): (19900, 81050, 172750, 329850, 418850, 628300),
    (2021, "head"): (14200, 54200, 86350, 164900, 209400, 523600),
    (2021, "separate"): (9950, 40525, 86375, 164925, 209425, 314150),
    (2022, "single"): (10275, 41775, 89075, 170050, 215950, 539900),
    (2022, "joint"): (20550, 83550, 178150, 340100, 431900, 647850),
    (2022, "head"): (14650, 55900, 89050, 170050, 215950, 539900),
    (2022, "separate"): (10275, 41775, 89075, 170050, 215950, 323925),
    (2023, "single"): (11000, 44725, 95375, 182100, 231250, 578125),
    (2023, "joint"): (22000, 89450, 190750, 364200, 462500, 693750),
    (2023, "head"): (15700, 59850, 95350, 182100, 231250, 578100),
    (2023, "separate"): (11000, 44725, 95375, 182100, 231250, 346875),
}
_DEDUCTIONS = {
    2017: (6350, 12700, 9350),
    2018: (12000, 24000, 18000),
    2019: (12200, 24400, 18350),
    2020: (12400, 24800, 18650),
    2021: (12550, 25100, 18800),
    2022: (12950, 25900, 19400),
    2023: (13850, 27700, 20800),
}  # single, joint, head; separate is as single


@dataclass(frozen=True)
class Bracket:
    """One row of a tax table: the tax is ``base`` plus ``rate`` percent of what exceeds ``low``."""

    year: int
    status: str
    number: int
    low: float
    high: float | None  # None: the last one
    rate: float
    base: float

    @property
    def curie(self) -> str:
        """Return the node of the bracket."""
        return f"tax:{self.year}/{self.status}/{self.number}"


def rates(year: int) -> tuple[float, ...]:
    """Return the seven rates of a year in percent."""
    return RATES_2017 if year == 2017 else RATES_2018


def ends(year: int, status: str) -> tuple[int, ...]:
    """Return the upper ends of the first six brackets."""
    return _ENDS[(year, status)]


def deduction(year: int, status: str) -> int:
    """Return the basic standard deduction, without the additional amounts for age and blindness."""
    single, joint, head = _DEDUCTIONS[year]
    return {"single": single, "separate": single, "joint": joint, "head": head}[status]


def brackets() -> list[Bracket]:
    """Return every bracket, with the tax at its lower end summed from the brackets below."""
    found = []
    for year, status in _ENDS:
        low, base = 0.0, 0.0
        for number, (rate, high) in enumerate(zip(rates(year), (*ends(year, status), None), strict=True), 1):
            found.append(Bracket(year, status, number, low, high, rate, round(base, 2)))
            if high is not None:
                base += (high - low) * rate / 100
                low = float(high)
    return found


def tax_due(year: int, status: str, income: float) -> float:
    """Return the tax on ``income``, slice by slice from the bottom; it uses no sum of a table."""
    total, low = 0.0, 0.0
    for rate, high in zip(rates(year), (*ends(year, status), float("inf")), strict=True):
        if income <= low:
            break
        total += (min(income, high) - low) * rate / 100
        low = high
    return total
