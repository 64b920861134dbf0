"""The rule book: what each operator, method, format and phrase means, one short sentence each, in our own words.

The semantics are those of the Python Language Reference and Library Reference, version 3.11.
"""

from __future__ import annotations

import re
from functools import cache

from srm_core.records import Source, Triple

SOURCE = Source(name="Rule book, after the Python 3.11 reference", licence="Apache-2.0", version="3.11")
_VARIES = re.compile(r"\d+|'.'")
PREDICATE = "srm:rule"

_STATEMENTS = {
    "plus_assign": "x += n means x = x + n",
    "minus_assign": "x -= n means x = x - n",
    "times_assign": "x *= n means x = x * n",
    "floordiv": "a // b is floor(a / b)",
    "mod": "a % b is a - b * floor(a / b)",
    "pow": "a ** b is a times itself, b factors in all",
    "range_n": "range(n) gives 0, 1, ..., n - 1",
    "range_ab": "range(a, b) gives a, a + 1, ..., b - 1",
    "if_else": "the lines under if run when the condition is true, those under else when it is not",
    "while": "while repeats its lines as long as the condition is true",
    "for": "for x in xs runs its lines once for each item, in order",
    "concat": "s + t is s with t behind it",
    "swap": "a, b = b, a exchanges the two values",
    "break": "break leaves the loop at once",
}
_SLICES = {
    "slice_ab": "xs[a:b] takes the items at a, a + 1, ..., b - 1",
    "slice_from": "xs[a:] leaves out the first a items",
    "slice_to": "xs[:b] takes the first b items",
    "slice_step": "xs[::k] takes the first item and every k-th after it",
    "slice_reverse": "xs[::-1] is xs backwards",
    "slice_last": "xs[-k:] takes the last k items",
    "slice_but_last": "xs[:-k] leaves out the last k items",
    "index_negative": "xs[-k] is the k-th item from the end",
}
_STRINGS = {
    "upper": "s.upper() is s in capital letters",
    "lower": "s.lower() is s in small letters",
    "capitalize": "s.capitalize() makes the first letter a capital and the others small",
    "swapcase": "s.swapcase() exchanges capital and small letters",
    "replace": "s.replace(t, u) puts u for every t in s",
    "find": "s.find(t) is the index of the first t in s, -1 if there is none",
    "rfind": "s.rfind(t) is the index of the last t in s, -1 if there is none",
    "count": "s.count(t) is how often t occurs in s",
    "split": "s.split(t) is the list of the parts between every t",
    "join": "t.join(xs) writes the items of xs with t between them",
    "strip": "s.strip(t) takes away the characters of t at both ends",
    "lstrip": "s.lstrip(t) takes away the characters of t at the start",
    "startswith": "s.startswith(t) is True if s begins with t",
    "endswith": "s.endswith(t) is True if s ends with t",
    "zfill": "s.zfill(n) puts zeros before s until it has n characters",
    "removesuffix": "s.removesuffix(t) takes t away from the end if s ends with it",
    "partition": "s.partition(t) is the tuple of what is before the first t, t, and what is after it",
}
_LISTS = {
    "append": "xs.append(v) puts v at the end of xs",
    "pop": "xs.pop() takes the last item away and gives it",
    "pop_i": "xs.pop(i) takes the item at index i away and gives it",
    "insert": "xs.insert(i, v) puts v before index i",
    "remove": "xs.remove(v) takes the first v away",
    "reverse": "xs.reverse() turns the order of xs round",
    "sort": "xs.sort() puts xs in rising order",
    "extend": "xs.extend(ys) puts every item of ys at the end",
    "del_i": "del xs[i] takes the item at index i away",
    "set_i": "xs[i] = v puts v in the place of the item at index i",
    "times": "xs * n is xs written n times in a row",
    "list_plus": "xs + ys is the items of xs, then those of ys",
}
_DICTS = {
    "dict_set": "d[k] = v gives k the value v; a new key comes last",
    "dict_get": "d.get(k, v) is the value of k, or v if there is no k",
    "dict_pop": "d.pop(k) takes k away and gives its value",
    "setdefault": "d.setdefault(k, v) gives k the value v only if there is no k",
    "update": "d.update(e) gives the keys of e their values in d too",
    "del_k": "del d[k] takes the key k away",
    "dict_list": "list(d) is the list of the keys, in order",
    "dict_values": "list(d.values()) is the list of the values, in order",
    "dict_in": "k in d is True if d has the key k",
    "dict_len": "len(d) is the number of keys",
}
_LOGIC = {
    "and": "p and q is True if both are True",
    "or": "p or q is True if one of them is True",
    "not": "not p is True if p is False",
    "not_first": "not is done before and, and before or",
    "chain": "a < b < c means a < b and b < c",
    "in": "v in xs is True if xs holds v",
}
_FORMATS = {
    "fmt_zeros": "the format 0nd writes a whole number with zeros before it, n characters in all",
    "fmt_fixed": "the format .nf writes n digits after the point, rounded",
    "fmt_right": "the format >n puts blanks before the text until it has n characters",
    "fmt_left_fill": "the format *<n puts stars behind the text until it has n characters",
    "fmt_center": "the format -^n puts dashes on both sides until there are n, the odd one on the right",
    "fmt_comma": "the format , puts a comma between every three digits",
    "fmt_hex": "the format x writes a whole number with base 16 and small letters",
    "fmt_binary": "the format b writes a whole number with base 2",
    "fmt_percent": "the format .n% writes 100 times the number with n digits after the point and a % sign",
    "fmt_sign": "the format +d writes a sign before the number in any case",
}
_SORTING = {
    "sorted": "sorted puts the items in rising order of their keys; equal keys keep their order",
    "sorted_reverse": "reverse=True puts the largest key first; equal keys keep their order",
    "key_len": "key=len sorts by the number of characters",
    "key_abs": "key=abs sorts by the number without its sign",
    "key_second": "key=lambda p: p[1] sorts by the second part",
    "key_last": "key=lambda w: w[-1] sorts by the last character",
    "key_mod": "key=lambda n: n % k sorts by the rest after division by k",
    "key_minus": "key=lambda n: -n sorts the largest first",
}
_ERRORS = {
    "ZeroDivisionError": "dividing by zero raises ZeroDivisionError",
    "IndexError": "an index outside a list or text raises IndexError",
    "KeyError": "looking up a key that a dict has not raises KeyError",
    "ValueError": "the right type with a value that cannot be used raises ValueError",
    "TypeError": "an operation on a value of the wrong type raises TypeError",
    "AttributeError": "a method that the type has not raises AttributeError",
    "NameError": "a name that was never given a value raises NameError",
    "StopIteration": "next on an iterator without items raises StopIteration",
    "AssertionError": "assert with a condition that is false raises AssertionError",
}


@cache
def rules() -> dict[str, str]:
    """Return the sentence of every rule, phrases of small tasks among them, by name."""
    from .specs import phrase_rules

    tables = (_STATEMENTS, _SLICES, _STRINGS, _LISTS, _DICTS, _LOGIC, _FORMATS, _SORTING, _ERRORS, phrase_rules())
    return {name: text for table in tables for name, text in table.items()}


@cache
def twins(name: str) -> list[str]:
    """Return the rules that differ from ``name`` in a number or letter alone, else those of its group."""
    form = _VARIES.sub("_", name)
    return [other for other in near(name) if _VARIES.sub("_", other) == form] or near(name)


def near(name: str) -> list[str]:
    """Return the other rules of the same group: what might be mistaken for ``name``."""
    return _groups()[name]


@cache
def _groups() -> dict[str, list[str]]:
    from .specs import phrase_rules

    phrases: dict[str, dict[str, str]] = {}
    for each, text in phrase_rules().items():
        phrases.setdefault(each.partition(":")[0], {})[each] = text
    tables = (_STATEMENTS, _SLICES, _STRINGS, _LISTS, _DICTS, _LOGIC, _FORMATS, _SORTING, _ERRORS, *phrases.values())
    return {name: [other for other in table if other != name] for table in tables for name in table}


@cache
def rule_triple(name: str) -> Triple:
    """Return the fact that states a rule."""
    subject = "srm:rule/" + name.replace(":", "-").replace(" ", "-")
    return Triple(subject=subject, predicate=PREDICATE, object=rules()[name], datatype="xsd:string", source=SOURCE)
