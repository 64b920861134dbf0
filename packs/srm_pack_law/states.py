"""Names of the states and territories by the two letters that reporters-db uses."""

from __future__ import annotations

_LIST = """
al Alabama|ak Alaska|az Arizona|ar Arkansas|ca California|co Colorado|ct Connecticut|de Delaware
dc District of Columbia|fl Florida|ga Georgia|hi Hawaii|id Idaho|il Illinois|in Indiana|ia Iowa|ks Kansas
ky Kentucky|la Louisiana|me Maine|md Maryland|ma Massachusetts|mi Michigan|mn Minnesota|ms Mississippi
mo Missouri|mt Montana|ne Nebraska|nv Nevada|nh New Hampshire|nj New Jersey|nm New Mexico|ny New York
nc North Carolina|nd North Dakota|oh Ohio|ok Oklahoma|or Oregon|pa Pennsylvania|pr Puerto Rico|ri Rhode Island
sc South Carolina|sd South Dakota|tn Tennessee|tx Texas|ut Utah|vt Vermont|va Virginia|wa Washington
wv West Virginia|wi Wisconsin|wy Wyoming|gu Guam
"""
STATES: dict[str, str] = {
    code: name for entry in _LIST.strip().replace("\n", "|").split("|") for code, _, name in [entry.partition(" ")]
}
