"""Formulas of European options on a share without dividends.

Black and Scholes 1973, J Polit Econ 81:637; Stoll 1969, J Finance 24:801 (put-call parity).
"""

from __future__ import annotations

from srm_core.formulas.formula import Branch, Formula, Step, plain

from . import inputs as of

_BS = "Black and Scholes 1973, J Polit Econ 81:637"
_PARITY = "Stoll 1969, J Finance 24:801"
_ALL = (of.SPOT, of.STRIKE, of.RISK_FREE, of.VOLATILITY, of.EXPIRY)
_FIRST: tuple[Step, ...] = (
    ("s", "{volatility}/100*sqrt({expiry})"),
    ("d1", "(ln({spot}/{strike})+{rate}/100*{expiry})/{s}+{s}/2"),
)
_D2: tuple[Step, ...] = (("d2", "{d1}-{s}"), ("K", "{strike}*exp(-{rate}/100*{expiry})"))
_WHERE = "s = volatility / 100 * sqrt(T), d1 = (ln(S / K) + r / 100 * T) / s + s / 2"
_NEAR = ("{volatility}/100*sqrt({expiry})-abs(ln({spot}/{strike}))",)  # within one standard deviation of the strike


def _option(
    name: str,
    title: str,
    unit: str,
    statement: str,
    steps: tuple[Step, ...],
    *,
    held_out: bool = False,
    core: bool = True,
) -> Formula:
    return Formula(name, title, _ALL, unit, "arithmetic", _BS, statement, (Branch((*_FIRST, *steps)),),
                   tolerance=0.003, core=core, held_out=held_out, guards=_NEAR)  # fmt: skip


OPTIONS = (
    _option("call_price", "Black-Scholes price of a call", "USD",
            f"S * N(d1) - K * exp(-r / 100 * T) * N(d1 - s), {_WHERE}",
            (*_D2, ("", "{spot}*normcdf({d1})-{K}*normcdf({d2})"))),
    _option("put_price", "Black-Scholes price of a put", "USD",
            f"K * exp(-r / 100 * T) * N(s - d1) - S * N(-d1), {_WHERE}",
            (*_D2, ("", "{K}*normcdf(-({d2}))-{spot}*normcdf(-({d1}))"))),
    _option("call_delta", "Black-Scholes delta of a call", "", f"N(d1), {_WHERE}", (("", "normcdf({d1})"),)),
    _option("put_delta", "Black-Scholes delta of a put", "", f"N(d1) - 1, {_WHERE}", (("", "normcdf({d1})-1"),),
            held_out=True),
    _option("exercise_probability", "risk-neutral probability that a call is exercised", "%",
            f"100 * N(d1 - s), {_WHERE}", (("d2", "{d1}-{s}"), ("", "100*normcdf({d2})")), core=False),
)  # fmt: skip
PARITIES = (
    plain("call_from_put", "call price by put-call parity", "USD",
          (of.PUT, of.SPOT, of.STRIKE, of.RISK_FREE, of.EXPIRY), "put + S - K * exp(-r / 100 * T)",
          "{put}+{spot}-{strike}*exp(-{rate}/100*{expiry})", _PARITY, tolerance=0.002, core=True,
          guards=("{put}+{spot}-{strike}-0.5",)),
    plain("put_from_call", "put price by put-call parity", "USD",
          (of.CALL, of.SPOT, of.STRIKE, of.RISK_FREE, of.EXPIRY), "call - S + K * exp(-r / 100 * T)",
          "{call}-{spot}+{strike}*exp(-{rate}/100*{expiry})", _PARITY, tolerance=0.002, core=True,
          guards=("{call}-{spot}+{strike}*0.88-0.5",)),
    plain("forward_price", "forward price", "USD", (of.SPOT, of.RISK_FREE, of.EXPIRY), "S * exp(r / 100 * T)",
          "{spot}*exp({rate}/100*{expiry})", "Hull, Options, Futures, and Other Derivatives, chapter 5",
          tolerance=0.0005, core=True),
    plain("call_break_even", "break-even share price of a bought call", "USD", (of.CALL, of.STRIKE), "K + call",
          "{strike}+{call}", _PARITY, tolerance=0.0002, core=True),
    plain("put_break_even", "break-even share price of a bought put", "USD", (of.PUT, of.STRIKE), "K - put",
          "{strike}-{put}", _PARITY, tolerance=0.0002, core=True),
    plain("share_from_parity", "share price by put-call parity", "USD",
          (of.CALL, of.PUT, of.STRIKE, of.RISK_FREE, of.EXPIRY), "call - put + K * exp(-r / 100 * T)",
          "{call}-{put}+{strike}*exp(-{rate}/100*{expiry})", _PARITY, tolerance=0.0005, core=True, held_out=True),
)  # fmt: skip
