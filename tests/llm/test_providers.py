"""Which models a run may ask follows from the settings; nothing is imported before it is asked."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

from bot.errors import ConfigError, Exit, ModelUnavailable, NeedsModel, Refused, Unusable
from bot.llm.fallback import Fallback
from bot.llm.offline import OfflineModel
from bot.llm.prices import Prices, require_prices
from bot.llm.providers import (
    Lazy,
    ask_about,
    check_models,
    configured_model,
    model_names,
    open_models,
    vendors_in_use,
)
from bot.llm.scripted import ScriptedModel
from bot.llm.types import Model, ModelInfo, Options, Part, Request, unheard
from bot.settings import Settings, load_settings
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.gemini_server import GeminiServer
from tests.fakes.vendor_server import Fail, Say, Tokens

KEY = "secret-key-of-a-test"
CLOSED = "http://127.0.0.1:9"


def settings(**given: Any) -> Settings:
    """Without retries: what fails here is meant to."""
    return load_settings(**{"model_retries": 0, **given})


def both(**given: Any) -> Settings:
    return settings(anthropic_api_key=KEY, gemini_api_key=KEY, **given)


def opened(chosen: Settings) -> dict[str, Model]:
    return open_models(chosen, offline=OfflineModel())


def asked(text: str = "hello", **options: Any) -> Request:
    return Request(parts=(Part("instructions", text),), step="ask", options=Options(**options))


def chain(model: Model) -> list[str]:
    """The vendors behind a model, in the order in which they are asked."""
    assert isinstance(model, Fallback)
    return [inner.name for inner in model.models]


def test_without_a_key_only_offline_answers() -> None:
    assert list(opened(settings())) == ["offline"]


def test_one_key_opens_one_vendor_with_nobody_behind_it() -> None:
    models = opened(settings(gemini_api_key=KEY))
    assert list(models) == ["gemini", "offline"]
    assert chain(models["gemini"]) == ["gemini"]


def test_two_keys_let_each_vendor_stand_in_for_the_other_and_offline_for_none() -> None:
    models = opened(both())
    assert list(models) == ["anthropic", "gemini", "offline"]
    assert chain(models["anthropic"]) == ["anthropic", "gemini"]
    assert chain(models["gemini"]) == ["gemini", "anthropic"]


def test_the_vendor_of_the_named_model_comes_first() -> None:
    assert vendors_in_use(both(model_name="gemini-4-argon")) == ("gemini", "anthropic")
    assert vendors_in_use(both(model_name="opus")) == ("anthropic", "gemini")
    assert vendors_in_use(both(model_name="of-nobody")) == ("anthropic", "gemini")


def test_a_named_provider_alone_sees_the_code() -> None:
    models = opened(both(model_provider="gemini"))
    assert list(models) == ["gemini", "offline"]
    assert chain(models["gemini"]) == ["gemini"]


def test_offline_by_name_leaves_the_keys_unused() -> None:
    assert list(opened(both(model_provider="offline"))) == ["offline"]


def test_a_named_provider_without_its_key_is_an_error_that_names_the_variable() -> None:
    with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY is not set") as caught:
        opened(settings(model_provider="anthropic", gemini_api_key=KEY))
    assert caught.value.exit_code is Exit.CONFIG


@pytest.mark.parametrize(
    ("given", "vendor", "name"),
    [
        ({}, "anthropic", "claude-opus-5-5"),
        ({}, "gemini", "gemini-3.8-flash"),
        ({"anthropic_model": "sonnet"}, "anthropic", "claude-sonnet-5-5"),
        ({"model_name": "haiku"}, "anthropic", "claude-haiku-5-5"),
        ({"model_name": "haiku"}, "gemini", "gemini-3.8-flash"),
        ({"model_name": "haiku", "anthropic_model": "opus"}, "anthropic", "claude-opus-5-5"),
        ({"model_name": "tuned", "model_provider": "gemini"}, "gemini", "tuned"),
    ],
)
def test_the_model_is_its_vendors_own_setting_then_the_common_one_then_the_default(
    given: dict[str, str], vendor: Any, name: str
) -> None:
    assert configured_model(settings(**given), vendor) == name


@pytest.mark.parametrize(
    ("given", "vendor", "variable"),
    [
        ({"anthropic_model": "gemini-2.5-pro"}, "anthropic", "GENESIS_ANTHROPIC_MODEL"),
        ({"gemini_model": "opus"}, "gemini", "GENESIS_GEMINI_MODEL"),
        ({"model_name": "opus", "model_provider": "gemini"}, "gemini", "GENESIS_MODEL_NAME"),
    ],
)
def test_a_model_of_the_other_vendor_is_an_error_that_names_the_variable(
    given: dict[str, str], vendor: Any, variable: str
) -> None:
    with pytest.raises(ConfigError, match=f"{variable}: .* is a model of"):
        configured_model(settings(**given), vendor)


def test_opening_and_naming_models_imports_no_vendor_package() -> None:
    code = """
import sys
from bot.llm.offline import OfflineModel
from bot.llm.providers import model_names, open_models
from bot.settings import load_settings
models = open_models(load_settings(anthropic_api_key="k" * 9, gemini_api_key="k" * 9),
                     offline=OfflineModel())
print([(m.name, m.local) for m in models.values()], model_names(models))
heavy = ("anthropic", "google.genai", "httpx2", "bot.llm.vendors.anthropic",
         "bot.llm.vendors.gemini")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    named, imported = done.stdout.splitlines()
    assert named == (
        "[('anthropic', False), ('gemini', False), ('offline', True)]"
        " ('claude-opus-5-5', 'gemini-3.8-flash')"
    )
    assert imported == "[]"


def test_an_answer_costs_what_the_price_list_says_and_names_its_model() -> None:
    tokens = Tokens(input=1000, output=100, cached=0, cache_written=0)
    with AnthropicServer([Say("hi", tokens=tokens)]) as server:
        models = opened(settings(anthropic_api_key=KEY, anthropic_base_url=server.url))
        reply = models["anthropic"].complete(asked())
    assert (reply.text, reply.model, reply.notice) == ("hi", "claude-opus-5-5", "")
    assert reply.usage.usd == pytest.approx(1000 * 4e-6 + 100 * 20e-6)
    assert reply.usage.unpriced_calls == 0


def test_names_of_a_step_are_resolved_for_the_vendor_that_is_asked() -> None:
    with AnthropicServer(lambda body: Say(body["model"])) as server:
        models = opened(
            settings(anthropic_api_key=KEY, anthropic_base_url=server.url, anthropic_model="sonnet")
        )
        said = [
            models["anthropic"].complete(asked(model=name)).text
            for name in ("", "opus", "gemini-2.5-pro")
        ]
    assert said == ["claude-sonnet-5-5", "claude-opus-5-5", "claude-sonnet-5-5"]


def test_a_vendor_out_of_reach_is_stood_in_for_with_a_notice() -> None:
    with AnthropicServer([Say("hi")]) as server:
        models = opened(both(gemini_base_url=CLOSED, anthropic_base_url=server.url))
        reply = models["gemini"].complete(asked())
    assert reply.text == "hi"
    assert reply.notice.startswith("claude-opus-5-5 (anthropic) answered, because of gemini: ")
    assert KEY not in reply.notice


def test_an_overloaded_vendor_is_stood_in_for_and_then_left_in_peace() -> None:
    tokens = Tokens(input=1000, output=100, cached=0)
    with (
        AnthropicServer([Fail(529)]) as claude,
        GeminiServer([Say("one", tokens=tokens), Say("two", tokens=tokens)]) as gemini,
    ):
        models = opened(both(anthropic_base_url=claude.url, gemini_base_url=gemini.url))
        first = models["anthropic"].complete(asked(model="opus"))
        second = models["anthropic"].complete(asked(model="opus"))
    assert (first.text, second.text) == ("one", "two")
    assert first.model == second.model == "gemini-3.8-flash"
    assert "because of anthropic: claude-opus-5-5 did not answer: " in second.notice
    assert len(claude.requests) == 1
    assert first.usage.usd == Prices.load().priced("gemini-3.8-flash", first.usage).usd > 0


def test_a_refused_key_is_not_stood_in_for() -> None:
    with AnthropicServer([Fail(401)]) as server:
        models = opened(both(anthropic_base_url=server.url, gemini_base_url=CLOSED))
        with pytest.raises(NeedsModel) as caught:
            models["anthropic"].complete(asked())
    assert KEY not in str(caught.value)


def test_a_model_is_opened_once_by_however_many_threads() -> None:
    made: list[ScriptedModel] = []

    def opens() -> Any:
        made.append(ScriptedModel(["yes"] * 8))
        return made[-1]

    lazy = Lazy("anthropic", "opus", opens)
    threads = [threading.Thread(target=lazy.complete, args=(asked(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(made[0].requests)) == (1, 8)


def test_the_names_a_run_may_ask_for_are_known_before_it_starts() -> None:
    models = opened(both(anthropic_model="sonnet"))
    assert model_names(models, ["haiku", "gemini-2.5-pro"]) == (
        "claude-sonnet-5-5",
        "claude-haiku-5-5",
        "gemini-3.8-flash",
        "gemini-2.5-pro",
    )
    require_prices(Prices.load(), model_names(models, ["haiku"]), 5.0)
    with pytest.raises(Refused, match="claude-fable-5-2"):
        require_prices(Prices.load(), model_names(models, ["fable"]), 5.0)
    assert model_names(opened(settings()), ["haiku"]) == ()


def test_a_configured_name_the_vendor_does_not_have_is_found_before_the_run() -> None:
    with AnthropicServer() as server:
        url = server.url
        fine = opened(settings(anthropic_api_key=KEY, anthropic_base_url=url))
        assert check_models(fine) == ()
        wrong = opened(
            settings(
                anthropic_api_key=KEY, anthropic_base_url=url, anthropic_model="claude-opus-5-6"
            )
        )
        with pytest.raises(Unusable, match="no model 'claude-opus-5-6'") as caught:
            check_models(wrong)
    assert "claude-opus-5-5" in caught.value.hint


def test_a_vendor_that_cannot_be_asked_is_a_notice_and_no_failure() -> None:
    models = opened(settings(anthropic_api_key=KEY, anthropic_base_url=CLOSED))
    (notice,) = check_models(models)
    assert notice.startswith("anthropic: claude-opus-5-5 could not be checked: ")
    (checked,) = ask_about(models)
    assert (checked.info, checked.reached) == (None, False)
    assert isinstance(checked.error, ModelUnavailable)


def test_each_vendor_is_checked_once_though_it_stands_behind_others() -> None:
    class Counting(ScriptedModel):
        asked = 0

        def describe(self, name: str) -> ModelInfo:
            Counting.asked += 1
            return ModelInfo(name)

    def counting(vendor: Any) -> Lazy:
        made: Any = Counting([])
        return Lazy(vendor, f"{vendor}-1", lambda: made)

    first, second = counting("anthropic"), counting("gemini")
    models = {"anthropic": Fallback([first, second]), "gemini": Fallback([second, first])}
    assert [c.info for c in ask_about(models)] == [ModelInfo("anthropic-1"), ModelInfo("gemini-1")]
    assert Counting.asked == 2


def test_a_model_of_another_make_is_left_alone() -> None:
    scripted: Model = ScriptedModel(["x"])
    assert ask_about({"scripted": scripted}) == ()
    assert model_names({"scripted": scripted}) == ()


def test_a_missing_vendor_package_is_told_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As Python marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "anthropic", None)
    models = opened(settings(anthropic_api_key=KEY))
    with pytest.raises(Unusable, match="anthropic is not installed") as caught:
        models["anthropic"].complete(asked(), on_text=unheard)
    assert "otp-genesis[models]" in caught.value.hint


def test_what_never_answered_is_not_a_reply() -> None:
    models = opened(both(anthropic_base_url=CLOSED, gemini_base_url=CLOSED))
    with pytest.raises(ModelUnavailable, match=r"no model answers: anthropic: .*; gemini: "):
        models["anthropic"].complete(asked())


def test_counting_tokens_asks_the_vendor() -> None:
    with AnthropicServer() as server:
        models = opened(settings(anthropic_api_key=KEY, anthropic_base_url=server.url))
        assert models["anthropic"].count_tokens(asked("word " * 100)) > 50
        assert [r.path for r in server.all] == ["/v1/messages/count_tokens"]
