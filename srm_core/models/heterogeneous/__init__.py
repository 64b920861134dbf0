"""A mixture whose experts have different inner widths. After Wang et al. 2024 (HMoE), a model class of our own.

No class of transformers has such experts, so a checkpoint of this type is opened by `srm_core.models.load` alone.
"""

HETEROGENEOUS = "srm_heterogeneous_moe"  # the ``model_type`` in a checkpoint's config.json
