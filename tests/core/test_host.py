"""The host finds, checks and calls plugins; whatever a plugin does wrong is named and stays its own."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import os
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from srm_core import (
    ChoiceKey,
    Completion,
    Document,
    FormulaKey,
    Pack,
    Problem,
    Reward,
    Sampling,
    Source,
    Trace,
    Verdict,
    hookimpl,
)
from srm_core.codehash import code_digest
from srm_core.config import AuditPolicy, PackConfig, TrainConfig
from srm_core.discovery import ARGUMENTS, HOOKS
from srm_core.errors import ConfigError, HookAnswerError, ModelError, PackNotFound, PluginError
from srm_core.host import Host, installed_packs
from srm_core.testing.fakes import DictKnowledge, FakeModel
from srm_core.verify import verify_answer

pytestmark = pytest.mark.usefixtures("srm_alone", "bare_core")
TOY = Path(__file__).parents[1] / "external_pack"
Install = Callable[[Path], None]
PROBLEM = Problem(
    kind="sum",
    question="What is 1 plus 1?",
    answer="2",
    anchor="1+1",
    key=FormulaKey(formula="sum", inputs={"a": 1, "b": 1}, low=2, high=2),
)


@pytest.fixture
def bare_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a core in place that only verifies, so that these tests are about the host alone."""

    def srm_verify(problem: Problem, trace: Trace) -> Verdict | None:
        return verify_answer(problem, trace)

    core = plugin(srm_verify=srm_verify)
    core.__name__, core.__spec__ = "srm_core.builtin", importlib.util.find_spec("srm_core.builtin")
    monkeypatch.setitem(sys.modules, "srm_core.builtin", core)


def plugin(**functions: Any) -> types.ModuleType:
    """Return a module with these functions as its hooks."""
    module = types.ModuleType("handmade")
    for name, function in functions.items():
        setattr(module, name, hookimpl(function))
    return module


def host_with(name: str = "x", **functions: Any) -> Host:
    host = Host()
    host.register(plugin(**functions), name)
    return host


def distribution(folder: Path, name: str, code: str, *, dist: str = "", group: str = "srm.plugins") -> Path:
    """Write a distribution with one entry point ``name`` and return its folder."""
    dist = dist or f"srm-{name}"
    module = f"mod_{dist.replace('-', '_')}"
    home = folder / dist
    home.mkdir()
    (home / f"{module}.py").write_text("from srm_core import *\nimport srm_core\n" + textwrap.dedent(code))
    (home / "pyproject.toml").write_text(
        f'[project]\nname = "{dist}"\nversion = "1.5"\n[project.entry-points."{group}"]\n{name} = "{module}"\n'
    )
    return home


PACK_CODE = """
@hookimpl
def srm_describe_pack():
    kind = Kind(name="k", title="K", book="open", anchor="a", shared="s", core=True)
    return Pack(name="{name}", title="T", version="1", intended_use="u", out_of_scope="o", system_prompt="s", kinds=(kind,))
"""


# ---- finding


def test_the_core_comes_first_then_plugins_by_name_then_the_pack(tmp_path: Path, srm_install: Install) -> None:
    for name in ("zeta", "alpha"):
        srm_install(distribution(tmp_path, name, ""))
    srm_install(TOY)
    names = [info.name for info in Host("toy").plugins() if not info.blocked]
    assert names == ["core", "alpha", "toy_command", "zeta", "toy"]


def test_installed_packs_are_listed_without_importing_them(
    srm_install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    srm_install(TOY)
    for name in [name for name in sys.modules if name.partition(".")[0] == "srm_pack_toy"]:
        monkeypatch.delitem(sys.modules, name)  # another test may have imported it
    assert installed_packs()["toy"] == ("srm_pack_toy.hooks", "srm-pack-toy", "0.1.0")
    assert "srm_pack_toy" not in sys.modules


def test_plugins_say_where_they_come_from_and_what_they_answer(srm_install: Install) -> None:
    srm_install(TOY)
    info = next(info for info in Host().plugins() if info.name == "toy_command")
    assert (info.distribution, info.version, info.hooks) == ("srm-pack-toy", "0.1.0", ("srm_commands",))


def test_an_unknown_pack_is_refused_with_the_nearest_name(srm_install: Install) -> None:
    srm_install(TOY)
    with pytest.raises(PackNotFound, match=r"^no installed pack is called 'toi'\. Did you mean 'toy'\?$"):
        Host("toi")


def test_a_plugin_whose_import_fails_is_named_and_left_out(tmp_path: Path, srm_install: Install) -> None:
    srm_install(distribution(tmp_path, "bad", "import no_such_module"))
    host = Host()
    assert host.broken == {
        "bad": "plugin 'bad' of srm-bad 1.5 is left out: the import of mod_srm_bad raised ModuleNotFoundError: "
        "No module named 'no_such_module'; mend it, uninstall srm-bad, or set SRM_BLOCK=bad"
    }
    with pytest.raises(PluginError, match=r"plugin 'bad' of srm-bad 1\.5 is left out"):
        host.require_whole()


@pytest.mark.parametrize("crash", ["raise SystemExit(3)", "raise RuntimeError('no')", "1 / 0", "def broken(:"])
def test_no_way_of_failing_at_import_stops_the_host(crash: str, tmp_path: Path, srm_install: Install) -> None:
    srm_install(distribution(tmp_path, "bad", crash))
    assert list(Host().broken) == ["bad"]


def test_a_blocked_plugin_is_not_imported(
    tmp_path: Path, srm_install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    srm_install(distribution(tmp_path, "bad", "import no_such_module"))
    assert Host(block=["bad"]).broken == {}
    monkeypatch.setenv("SRM_BLOCK", f"{os.environ['SRM_BLOCK']}, bad")
    host = Host()
    host.require_whole()
    assert next(info for info in host.plugins() if info.name == "bad").blocked


def test_two_distributions_with_one_plugin_name_are_refused_by_both_names(tmp_path: Path, srm_install: Install) -> None:
    srm_install(distribution(tmp_path, "twin", "", dist="srm-one"))
    srm_install(distribution(tmp_path, "twin", "", dist="srm-two"))
    reason = "the plugin 'twin' is offered by srm-one 1.5 and srm-two 1.5; uninstall one of them, or block both"
    assert Host().broken["twin"].startswith(reason)


def test_two_distributions_with_one_pack_name_are_refused_by_both_names(tmp_path: Path, srm_install: Install) -> None:
    for dist in ("srm-one", "srm-two"):
        srm_install(distribution(tmp_path, "twin", PACK_CODE.format(name="twin"), dist=dist, group="srm.packs"))
    assert installed_packs()["twin"].distribution == "srm-one, srm-two"
    with pytest.raises(PluginError, match=r"the pack 'twin' is offered by srm-one 1\.5 and srm-two 1\.5"):
        Host("twin")


def test_a_plugin_cannot_take_the_name_of_the_core(tmp_path: Path, srm_install: Install) -> None:
    srm_install(distribution(tmp_path, "core", ""))
    host = Host()
    assert "the name 'core' is taken by srm-sdk" in host.broken["core"]
    assert not host.plugins()[0].broken


def test_a_pack_that_calls_itself_otherwise_is_refused(tmp_path: Path, srm_install: Install) -> None:
    srm_install(distribution(tmp_path, "mine", PACK_CODE.format(name="yours"), group="srm.packs"))
    with pytest.raises(PluginError, match="the pack installed as 'mine' calls itself 'yours'"):
        Host("mine")


def test_a_pack_that_does_not_say_who_it_is_is_refused(tmp_path: Path, srm_install: Install) -> None:
    srm_install(distribution(tmp_path, "mine", "", group="srm.packs"))
    with pytest.raises(PluginError, match="the pack 'mine' does not say who it is; implement srm_describe_pack"):
        Host("mine")


def test_a_pack_that_cannot_be_imported_is_named(tmp_path: Path, srm_install: Install) -> None:
    srm_install(distribution(tmp_path, "mine", "1 / 0", group="srm.packs"))
    with pytest.raises(PluginError, match=r"pack 'mine' \(mod_srm_mine, srm-mine 1.5\) raised ZeroDivisionError"):
        Host("mine")


def test_a_pack_with_commands_is_refused(tmp_path: Path, srm_install: Install) -> None:
    code = PACK_CODE.format(name="mine") + "@hookimpl\ndef srm_commands(cli): ...\n"
    srm_install(distribution(tmp_path, "mine", code, group="srm.packs"))
    with pytest.raises(PluginError, match="implements srm_commands, which only plugins may"):
        Host("mine")


def test_a_real_third_party_distribution_is_found_after_pip_install(tmp_path: Path) -> None:
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*pip, "--target", str(target), str(TOY)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    root = Path(__file__).parents[2]
    code = "from srm_core.host import Host; print(Host('toy').pack().title)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(target), str(root)])}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=tmp_path, check=False
    )
    assert (run.stdout.strip(), run.stderr) == ("Doubling", "")


# ---- checking


def test_a_misspelt_hook_is_refused_with_the_nearest_name() -> None:
    def srm_documnets() -> Iterator[Document]:
        yield from ()

    with pytest.raises(
        PluginError, match=r"srm_documnets of plugin 'x' is no hook of srm\. Did you mean 'srm_documents'"
    ):
        host_with(srm_documnets=srm_documnets)


def test_an_argument_that_is_never_given_is_refused_with_the_nearest_name() -> None:
    def srm_documents(confg: PackConfig) -> Iterator[Document]:
        yield from ()

    with pytest.raises(PluginError, match=r"asks for 'confg', which it is never given\. Did you mean 'config'\?"):
        host_with(srm_documents=srm_documents)


def test_arguments_must_be_named() -> None:
    def srm_documents(**everything: Any) -> Iterator[Document]:
        yield from ()

    with pytest.raises(PluginError, match=r"takes \*\*everything: .*; name the arguments it needs, of: config"):
        host_with(srm_documents=srm_documents)


def test_specname_is_refused() -> None:
    module = types.ModuleType("handmade")
    vars(module)["texts"] = hookimpl(specname="srm_documents")(lambda: iter(()))
    with pytest.raises(PluginError, match="uses specname, which is not supported; name the function srm_documents"):
        Host().register(module, "x")


def test_wrappers_are_refused() -> None:
    def srm_verify() -> Any:
        return (yield)

    module = types.ModuleType("handmade")
    vars(module)["srm_verify"] = hookimpl(wrapper=True)(srm_verify)
    with pytest.raises(PluginError, match="is a wrapper"):
        Host().register(module, "x")


def test_a_hook_without_its_mark_is_refused(tmp_path: Path, srm_install: Install) -> None:
    srm_install(distribution(tmp_path, "bare", "def srm_documents(): return ()"))
    assert "srm_documents of plugin 'bare' is not marked; write @hookimpl" in Host().broken["bare"]


def test_a_name_is_registered_once() -> None:
    host = host_with()
    with pytest.raises(PluginError, match="a plugin called 'x' is already registered"):
        host.register(plugin(), "x")


def test_one_module_is_registered_once() -> None:
    host, module = Host(), plugin()
    host.register(module, "x")
    with pytest.raises(PluginError, match="handmade is already registered as 'x'"):
        host.register(module, "y")


# ---- settings


def test_the_packs_own_settings_are_completed_by_their_defaults(srm_install: Install) -> None:
    srm_install(TOY)
    assert Host("toy").settings(PackConfig()).own == {"largest": 200}


def test_an_unknown_setting_of_the_packs_own_is_refused(srm_install: Install) -> None:
    srm_install(TOY)
    message = r"the own settings of pack 'toy': there is no setting 'largst'\. Did you mean 'largest'\?"
    with pytest.raises(ConfigError, match=message):
        Host("toy").documents(PackConfig(own={"largst": 3}))


def test_a_wrong_value_of_the_packs_own_is_refused(srm_install: Install) -> None:
    srm_install(TOY)
    with pytest.raises(ConfigError, match="largest = 3: input should be greater than or equal to 10"):
        Host("toy").problems(DictKnowledge(), PackConfig(own={"largest": 3}))


def test_without_a_pack_there_is_none_to_describe() -> None:
    with pytest.raises(PackNotFound, match="no pack is chosen"):
        Host().pack()


# ---- nouns


def _document(text: str) -> Document:
    return Document(text=text, source=Source(name="s", licence="CC0-1.0"))


def test_a_noun_yields_from_every_plugin_in_order_of_registration() -> None:
    host = host_with("one", srm_documents=lambda: [_document("a")])
    host.register(plugin(srm_documents=lambda config: iter([_document(str(config.seed))])), "two")
    assert [document.text for document in host.documents(PackConfig(seed=7))] == ["a", "7"]


def test_an_error_inside_a_generator_names_its_plugin() -> None:
    def srm_documents() -> Iterator[Document]:
        yield _document("a")
        yield _document(str(1 / 0))

    host = host_with("one", srm_documents=lambda: [_document("b")])
    host.register(plugin(srm_documents=srm_documents), "two")
    found = host.documents(PackConfig())
    assert [next(found).text, next(found).text] == ["b", "a"]
    with pytest.raises(
        PluginError, match=r"^srm_documents of plugin 'two' raised ZeroDivisionError: division by zero$"
    ):
        next(found)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda: "text", "srm_documents of plugin 'x' gave a str; expected Document"),
        (lambda: [3], "srm_documents of plugin 'x' gave an int; expected Document"),
        (lambda: None, "srm_documents of plugin 'x' gave None; expected an iterable of Document"),
        (lambda: 3, "srm_documents of plugin 'x' gave an int; expected an iterable of Document"),
    ],
)
def test_an_item_of_the_wrong_type_is_refused(answer: Callable[[], Any], message: str) -> None:
    with pytest.raises(HookAnswerError, match=f"^{message}$"):
        list(host_with(srm_documents=answer).documents(PackConfig()))


def test_a_plugin_that_exits_is_an_error_and_no_exit() -> None:
    with pytest.raises(PluginError, match="raised SystemExit"):
        list(host_with(srm_documents=lambda: sys.exit(2)).documents(PackConfig()))


# ---- verdicts


def test_a_text_without_an_answer_is_wrong_and_no_verifier_is_asked() -> None:
    host = host_with(srm_verify=lambda: Verdict(correct=True))
    assert host.verify(PROBLEM, "2") == Verdict(correct=False, reason="no single 'Answer:' line")
    assert host.verify(PROBLEM, "Answer: 2\nAnswer: 3").correct is False


def test_the_plugin_registered_last_is_asked_first_and_may_pass() -> None:
    host = host_with("one", srm_verify=lambda: Verdict(correct=True, reason="one"))
    host.register(plugin(srm_verify=lambda trace: Verdict(correct=False) if trace.answer == "9" else None), "two")
    assert host.verify(PROBLEM, "Answer: 9").correct is False
    assert host.verify(PROBLEM, "Answer: 8").reason == "one"


def test_a_verifier_that_raises_gives_no_verdict_and_no_other_is_asked() -> None:
    host = host_with(srm_verify=lambda: 1 / 0)
    reason = "srm_verify of plugin 'x' raised ZeroDivisionError: division by zero"
    assert host.verify(PROBLEM, "Answer: 2") == Verdict(correct=None, reason=reason)


def test_a_verifier_that_answers_with_a_bool_gives_no_verdict() -> None:
    verdict = host_with(srm_verify=lambda: True).verify(PROBLEM, "Answer: 2")
    assert verdict == Verdict(correct=None, reason="srm_verify of plugin 'x' gave a bool; expected Verdict or None")


def test_a_verifier_that_raises_an_error_of_ours_is_named_too() -> None:
    def srm_verify() -> Verdict:
        raise ModelError("no judge")

    assert host_with(srm_verify=srm_verify).verify(PROBLEM, "Answer: 2").reason == "srm_verify of plugin 'x': no judge"


def test_second_opinions_are_collected_and_a_failing_grader_is_one_without_verdict() -> None:
    host = host_with("one", srm_second_opinion=lambda: [Verdict(correct=True)])
    host.register(plugin(srm_second_opinion=lambda: 1 / 0), "two")
    assert [verdict.correct for verdict in host.second_opinion(PROBLEM, "Answer: 2")] == [True, None]
    assert host.second_opinion(PROBLEM, "no answer") == []


# ---- rewards


def test_rewards_are_collected_and_one_that_raises_never_pays() -> None:
    def srm_rewards() -> Iterator[Reward]:
        yield Reward(name="first", value=1.0)
        yield Reward(name="second", value=2.0)  # outside its range

    host = host_with("one", srm_rewards=lambda: [Reward(name="good", value=0.5)])
    host.register(plugin(srm_rewards=srm_rewards), "two")
    terms, failed = host.rewards(PROBLEM, "Answer: 2", (), Verdict(correct=True))
    assert [term.name for term in terms] == ["good"]
    assert len(failed) == 1
    assert failed[0].startswith("srm_rewards of plugin 'two' raised ValidationError")


def test_a_reward_of_a_name_already_given_is_not_paid_twice() -> None:
    host = host_with("one", srm_rewards=lambda: [Reward(name="good", value=0.5)])
    host.register(plugin(srm_rewards=lambda: [Reward(name="good", value=1.0)]), "two")
    terms, failed = host.rewards(PROBLEM, "Answer: 2", (), Verdict(correct=True))
    assert terms == [Reward(name="good", value=0.5)]
    assert failed == ["srm_rewards of plugin 'two' gave the reward 'good', which was already given"]


def test_a_sample_without_a_verdict_is_paid_nothing() -> None:
    host = host_with(srm_rewards=lambda: [Reward(name="good", value=0.5)])
    assert host.rewards(PROBLEM, "Answer: 2", (), Verdict(correct=None)) == ([], [])


# ---- verbs


def test_an_unknown_scheme_is_refused_with_the_nearest_one() -> None:
    module = plugin(srm_load_model=lambda ref: FakeModel(["hi"], ref) if ref.startswith("echo:") else None)
    vars(module)["SCHEMES"] = ("echo",)
    host = Host()
    host.register(module, "x")
    assert host.load_model("echo:1").ref == "echo:1"
    with pytest.raises(ModelError, match=r"the scheme 'eco' of model 'eco:1' is unknown\. Did you mean 'echo'\?"):
        host.load_model("eco:1")
    with pytest.raises(ModelError, match="model 'zzz' has no scheme"):
        host.load_model("zzz")


def test_what_cannot_generate_is_no_model() -> None:
    with pytest.raises(HookAnswerError, match=r"gave a str \(it lacks generate, ref\); expected Model or None"):
        host_with(srm_load_model=lambda: "model").load_model("x:")


def test_an_unknown_method_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    module = plugin(srm_train=lambda method: {"rows": 1.0} if method == "memorize" else None)
    vars(module)["METHODS"] = ("memorize",)
    host = Host()
    host.register(module, "x")
    assert host.train("memorize", tmp_path, tmp_path, TrainConfig(), tmp_path) == {"rows": 1.0}
    with pytest.raises(ConfigError, match=r"no plugin trains by the method 'memorise'\. Did you mean 'memorize'\?"):
        host.train("memorise", tmp_path, tmp_path, TrainConfig(), tmp_path)


def test_an_unknown_target_is_refused_and_a_missing_file_too(tmp_path: Path) -> None:
    module = plugin(srm_export=lambda target, out: out / "nothing" if target == "text" else None)
    vars(module)["TARGETS"] = ("text",)
    host = Host()
    host.register(module, "x")
    with pytest.raises(ConfigError, match=r"no plugin exports to 'txt'\. Did you mean 'text'\?"):
        host.export(tmp_path, "txt", tmp_path)
    with pytest.raises(HookAnswerError, match=r"says it wrote .*nothing, which does not exist"):
        host.export(tmp_path, "text", tmp_path)


def test_without_a_plugin_for_it_knowledge_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no plugin opens a knowledge base; is the plugin 'knowledge' blocked"):
        Host().open_knowledge(tmp_path)


def test_attempts_are_checked_while_they_are_read() -> None:
    host = host_with(srm_distill=lambda: iter(["attempt"]))
    with pytest.raises(HookAnswerError, match="srm_distill of plugin 'x' gave a str; expected Attempt"):
        list(host.distill([PROBLEM], {}, FakeModel([]), Sampling(), system="s"))


def test_problems_that_no_plugin_distills_are_an_error() -> None:
    with pytest.raises(PluginError, match="no plugin distills these problems"):
        list(host_with(srm_distill=lambda: None).distill([PROBLEM], {}, FakeModel([]), Sampling(), system="s"))


# ---- commands


def test_a_plugin_adds_commands(srm_install: Install) -> None:
    srm_install(TOY)
    cli = click.Group()
    Host().commands(cli)
    assert CliRunner().invoke(cli, ["double", "21"]).output == "42\n"


def test_a_plugin_cannot_replace_a_command_and_is_named() -> None:
    def srm_commands(cli: click.Group) -> None:
        cli.add_command(click.Command("extra"))
        cli.add_command(click.Command("build"))

    cli = click.Group(commands={"build": click.Command("build", help="ours")})
    host = host_with(srm_commands=srm_commands)
    host.commands(cli)
    assert list(cli.commands) == ["build"]
    assert cli.commands["build"].help == "ours"
    assert host.broken == {"x": "srm_commands of plugin 'x' adds the command 'build', which exists already"}
    assert next(info for info in host.plugins() if info.name == "x").broken == host.broken["x"]


def test_a_plugin_whose_commands_fail_leaves_the_command_line_whole() -> None:
    cli = click.Group(commands={"build": click.Command("build")})
    host = host_with(srm_commands=lambda: 1 / 0)
    host.commands(cli)
    assert list(cli.commands) == ["build"]
    assert "raised ZeroDivisionError" in host.broken["x"]


# ---- every hook, with everything its specification offers


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if ARGUMENTS[hook]])
def test_hook_is_given_every_argument_of_its_specification(hook: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {}

    def spy(*values: Any) -> Any:
        given.update(zip(ARGUMENTS[hook], values, strict=True))
        raise KeyError("seen")

    arguments = ", ".join(ARGUMENTS[hook])
    function = eval(f"lambda {arguments}: spy({arguments})", {"spy": spy})
    host = host_with(**{hook: function})
    _call(host, hook, tmp_path)
    assert list(given) == list(ARGUMENTS[hook])


def _call(host: Host, hook: str, folder: Path) -> None:
    values: dict[str, Any] = {
        "config": TrainConfig() if hook == "srm_train" else PackConfig(),
        "problem": PROBLEM,
        "problems": [PROBLEM],
        "knowledge": DictKnowledge(),
        "evidence": {} if hook == "srm_distill" else (),
        "folder": folder,
        "text": "Answer: 2",
        "verdict": Verdict(correct=True),
        "ref": "x:",
        "teacher": FakeModel([]),
        "sampling": Sampling(),
        "system": "s",
        "shots": (),
        "method": "m",
        "base": folder,
        "data": folder,
        "out": folder,
        "student": folder,
        "target": "t",
        "probes": (),
        "models": {},
        "verify": host.verify,
        "policy": AuditPolicy(),
        "manifest": None,
        "cli": click.Group(),
        "documents": (),
        "evaluation": {},
        "pilot": (),
        "mitigation": "m",
        "seed": 0,
    }
    method = getattr(host, hook.removeprefix("srm_"))
    asked = {name: values[name] for name in inspect.signature(method).parameters}
    with contextlib.suppress(PluginError):
        answer = method(**asked)
        list(answer if isinstance(answer, Iterator) else ())


# ---- the digest of code


def test_the_digest_of_code_follows_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = []
    for place, text in enumerate(("a = 1\n", "a = 1\n", "a = 2\n")):
        home = tmp_path / str(place) / f"digest_pack_{place}"
        (home / "inner" / "__pycache__").mkdir(parents=True)
        (home / "__init__.py").write_text("")
        (home / "inner" / "module.py").write_text(text)
        (home / "inner" / "__pycache__" / "module.pyc").write_text(str(place))
        monkeypatch.syspath_prepend(str(home.parent))
        from srm_core.codehash import path_digest

        digests.append(path_digest(str(home)))
        assert len(code_digest([home.name])) == 16
    assert digests[0] == digests[1] != digests[2]


def test_a_module_is_digested_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "never_imported.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert code_digest(["never_imported"]) == code_digest(["never_imported", "never_imported"])
    with pytest.raises(ModuleNotFoundError):
        code_digest(["no_such_module_here"])


def test_the_digest_of_plugins_counts_those_that_implement_the_hook(srm_install: Install) -> None:
    srm_install(TOY)
    with_pack, without = Host("toy"), Host()
    assert with_pack.plugins_digest(["srm_problems"]) != without.plugins_digest(["srm_problems"])
    assert with_pack.plugins_digest(["srm_commands"]) == without.plugins_digest(["srm_commands"])
    with pytest.raises(PluginError, match=r"srm_problem is no hook of srm\. Did you mean 'srm_problems'\?"):
        without.plugins_digest(["srm_problem"])


def test_a_plugin_registered_by_hand_is_digested_by_its_file() -> None:
    host = host_with(srm_documents=lambda: [])
    assert host.plugins_digest(["srm_documents"]) != Host().plugins_digest(["srm_documents"])


def test_a_choice_is_verified_by_the_core() -> None:
    problem = Problem(
        kind="quiz", question="?", answer="B", choices=("one", "two"), anchor="quiz", key=ChoiceKey(index=1)
    )
    assert Host().verify(problem, "Answer: B").correct is True
    assert Host().verify(problem, "Answer: A").correct is False


def test_a_fake_model_runs_out_of_replies() -> None:
    model = FakeModel(["one"])
    assert model.generate([()], Sampling()) == [[Completion(text="one", finished=True, tokens=1)]]


def test_a_pack_value_leaves_its_settings_class_out_of_the_manifest(srm_install: Install) -> None:
    srm_install(TOY)
    assert "settings" not in Host("toy").pack().model_dump()
    assert isinstance(Host("toy").pack(), Pack)
