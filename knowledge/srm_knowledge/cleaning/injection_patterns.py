# ruff: noqa: E501 - a pattern stays on one line, so that it can be read and changed as a whole
"""How texts speak to a model: patterns by kind, matched without regard to case, ``^`` and ``$`` at line ends."""

from __future__ import annotations

_EARLIER = r"(?:previous|prior|above|earlier|preceding|former|original|existing|foregoing)"
_ORDERS = r"(?:instructions?|prompts?|directions?|commands?|rules?|guidelines?|guidance|directives?|messages?|context|orders|constraints)"
FORMS: dict[str, str] = {
    "override": rf"\b(?:ignore|disregard|forget|override|bypass|discard|drop|do not follow|don't follow|stop following|pay no attention to)\b[^.\n]{{0,30}}?"
    rf"\b(?:{_EARLIER}\b[^.\n]{{0,20}}?\b{_ORDERS}|(?:your|all|any|the system) (?:\w+ )?{_ORDERS}|everything (?:above|before this|you (?:were|have been) told)|(?:what|all) you (?:were|have been) told|{_ORDERS} (?:above|given (?:before|earlier|above)))\b",
    "override_de": r"\b(?:ignoriere|vergiss|missachte)\w*\b[^.\n]{0,30}\b(?:anweisung|befehl|vorgabe|regel|instruktion)\w*",
    "override_fr": r"\b(?:ignor|oubli)\w*\b[^.\n]{0,30}\b(?:instruction|consigne|directive|règle)s?\b[^.\n]{0,20}\b(?:précédent|antérieur|ci-dessus)\w*",
    "override_es": r"\b(?:ignor|olvid)\w*\b[^.\n]{0,30}\b(?:instruccion|orden|indicacion|regla)\w*\b[^.\n]{0,20}\b(?:anterior|previa)\w*",
    "new_role": r"\byou are (?:now|no longer|henceforth)\b[^.\n]{0,60}\b(?:assistant|ai|model|chatbot|bot|dan|unrestricted|unfiltered|jailbroken|free (?:from|of)|bound by|without (?:any )?(?:rules|restrictions|limits|filters))\b"
    r"|\b(?:act|behave|respond|pretend)\b[^.\n]{0,20}\b(?:as if you (?:have|had) no (?:rules|restrictions|limits)|as an? (?:unrestricted|unfiltered|jailbroken|evil) )"
    r"|\b(?:enable|enter|activate|switch to|you are in) (?:developer|debug|god|dan|jailbreak|admin|unrestricted|maintenance) mode\b",
    "prompt_theft": rf"\b(?:reveal|show|print|repeat|output|display|leak|tell me|expose|recite|summari[sz]e|translate)\b[^.\n]{{0,30}}\b(?:your|the) (?:(?:system|initial|hidden|secret|original|full|entire|developer|own) ){{0,2}}(?:prompt|{_ORDERS} (?:above|you (?:were|have been) given)|system message|instructions verbatim)\b"
    r"|\b(?:repeat|print|output) (?:everything|all (?:text|words)|the (?:text|words)) above\b",
    "chat_mark": r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text)\|>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_turn>|^\s{0,3}#{2,3} ?(?:System|Instruction|Response|New instructions?) ?:\s*$|^(?:System|Assistant|Human) ?: ?(?=.*\b(?:you|your|ignore|must|comply)\b)",
    "new_orders": r"\b(?:new|updated|important|urgent|real|actual|hidden|admin|system|special) (?:instructions?|system prompt|prompt|directives?|override)(?: (?:for|to) (?:the |any |all )?(?:ai|model|assistant|llm|language model|chatbot|agent|bot)s?)?\s*:"
    r"|\b(?:note|message|instructions?|attention|notice|important|dear|hey|hello)[ :,]{1,3}(?:to |for )?(?:the |any |all )?(?:ai|llm|language|chatgpt|gpt|claude|gemini)[- ]?(?:assistants?|models?|agents?|systems?|reviewers?|bots?)?\b\s*[:,]"
    r"|\b(?:if|when) you(?: are|'re) an? (?:ai|llm|language model|large language model|assistant|chatbot|automated (?:agent|system|assistant|reviewer))\b",
    "conceal": r"\b(?:do not|don't|never|without) (?:tell|telling|inform|informing|mention|mentioning|reveal|revealing|alert|alerting|notify|notifying|let)\b[^.\n]{0,30}\b(?:the )?(?:user|human|operator|reader)s?\b",
    "exfiltration": r"\b(?:send|post|forward|upload|email|transmit|exfiltrate|append|leak|submit)\b[^.\n]{0,50}\b(?:conversation|chat history|history|api keys?|credentials?|passwords?|secrets?|tokens?|user(?:'s)? data|private data|environment variables)\b[^\n]{0,40}?(?:https?://|\bto (?:https?|www|this (?:url|address|server)|\S+@))"
    r"|!\[[^\]]{0,100}\]\(https?://[^)\s]{1,200}[?&][\w]{1,20}=[^)]{0,40}(?:\{|\[|%7B|secret|history|prompt|conversation)",
    "answer_order": r"\b(?:whenever|when|if|every time)(?: you are| you're| the user| a user| anyone| someone)? ask(?:s|ed)\b[^.\n,]{0,60}, (?:always |you must |you should |please )?(?:answer|say|respond|reply|recommend|claim|state)\b"
    r"|\b(?:give|assign|rate) (?:this|the) (?:paper|text|document|submission|essay|candidate|resume|cv|review)\b[^.\n]{0,40}\b(?:positive|highest|perfect|10/10|full marks|top|strong accept|best|excellent)\b",
    "run_order": r"\b(?:execute|run|invoke|call|use)\b[^.\n]{0,25}\b(?:following|this|these|attached|embedded|decoded|your)\b[^.\n]{0,15}\b(?:shell command|command|code|tool|function|script|payload)s?\b[^.\n]{0,50}\b(?:without (?:asking|confirmation|telling)|immediately|silently|as (?:root|admin)|before answering|do not ask)\b"
    r"|\bdecode (?:the following|this) (?:base64|string|text)\b[^.\n]{0,30}\b(?:and )?(?:execute|follow|obey|run|do)\b",
    "hidden_text": r"[\U000e0020-\U000e007f]{4,}|[\u200b\u200c\u2060\u2061-\u2064\ufeff]{6,}",
}
