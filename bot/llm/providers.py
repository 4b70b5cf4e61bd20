"""Opens the models a run may ask: which vendors, in what order, under which names."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bot.errors import ConfigError, ModelUnavailable, OtpError, Unusable
from bot.llm.catalog import owner, resolve
from bot.llm.fallback import Fallback, Resting
from bot.llm.presets import suited
from bot.llm.prices import Prices
from bot.llm.types import Model, ModelInfo, OnText, Options, Reply, Request, unheard
from bot.settings import API_KEYS, VENDORS, Settings, Vendor

if TYPE_CHECKING:
    from bot.llm.vendors.vendor import VendorModel


class Lazy:
    """A vendor's model that imports the vendor's package when it is asked for the first time."""

    local = False

    def __init__(
        self,
        vendor: Vendor,
        model: str,
        opened: Callable[[], VendorModel],
        *,
        configured: bool = True,
    ) -> None:
        self.vendor: Vendor = vendor
        self.model = model
        """The name it asks for when a step gives none."""
        self._configured = configured
        """Somebody chose that name; otherwise a step's preset chooses."""
        self._open = opened
        self._adapter: VendorModel | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self.vendor

    def count_tokens(self, request: Request) -> int:
        """As the adapter counts."""
        return self._opened().count_tokens(request)

    def complete(self, request: Request, *, on_text: OnText = unheard) -> Reply:
        """The adapter's answer; raises `Unusable` when the vendor's package is not installed."""
        options = suited(request.options, configured=self._configured)
        return self._opened().complete(replace(request, options=options), on_text=on_text)

    def describe(self, name: str = "") -> ModelInfo:
        """What the API says of a model, by default of the configured one."""
        return self._opened().describe(name or self.model)

    def _opened(self) -> VendorModel:
        with self._lock:
            if self._adapter is None:
                self._adapter = self._open()
            return self._adapter


@dataclass(frozen=True)
class Checked:
    """What a vendor's API said of the configured model."""

    vendor: Vendor
    model: str
    info: ModelInfo | None = None
    error: OtpError | None = None
    """Why there is no `info`."""

    @property
    def reached(self) -> bool:
        """Whether the API answered at all."""
        return not isinstance(self.error, ModelUnavailable)


def vendors_in_use(settings: Settings) -> tuple[Vendor, ...]:
    """The vendors a run may ask, the preferred one first.

    Raises `ConfigError` when the one that is named has no key.
    """
    wanted = settings.model_provider
    if wanted == "offline":
        return ()
    if wanted == "auto":
        with_key = [vendor for vendor in VENDORS if settings.vendor(vendor).key is not None]
        preferred = owner(settings.model_name)
        return tuple(sorted(with_key, key=lambda vendor: vendor != preferred))
    if settings.vendor(wanted).key is None:
        raise ConfigError(
            f"GENESIS_MODEL_PROVIDER is {wanted}, but {API_KEYS[wanted]} is not set",
            path="environment",
            hint=f"set {API_KEYS[wanted]}, or unset GENESIS_MODEL_PROVIDER",
        )
    return (wanted,)


def configured_model(settings: Settings, vendor: Vendor) -> str:
    """The name a vendor is asked for when a step gives none.

    Raises `ConfigError` when the setting names a model of the other one.
    """
    variable, name = f"GENESIS_{vendor.upper()}_MODEL", settings.vendor(vendor).model
    if not name and settings.model_provider == vendor:
        variable, name = "GENESIS_MODEL_NAME", settings.model_name
    other = owner(name)
    if other not in (vendor, None):
        raise ConfigError(
            f"{variable}: {name!r} is a model of {other}, not of {vendor}",
            path="environment",
            hint=f"correct or unset {variable}",
        )
    return resolve(vendor, name or settings.model_name)


def model_for(settings: Settings, vendor: Vendor, options: Options) -> str:
    """The name a vendor is asked for by a request with these options."""
    named = suited(options, configured=_chosen(settings, vendor)).model
    return resolve(vendor, named, configured_model(settings, vendor))


def open_models(
    settings: Settings,
    *,
    offline: Model,
    prices: Prices | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Model]:
    """The models of a run by name: vendors in order of preference, `offline` last.

    Where two vendors are in use each stands in for the other. `offline` never stands in: a step
    that needs a model must not look served when it was not.
    """
    known = prices if prices is not None else Prices.load(settings.prices_file)
    vendors = vendors_in_use(settings)
    lazy = {vendor: _lazy(settings, vendor, known) for vendor in vendors}
    resting = Resting(clock=clock)
    models: dict[str, Model] = {}
    for vendor in vendors:
        others = [lazy[other] for other in vendors if other != vendor]
        models[vendor] = Fallback([lazy[vendor], *others], resting)
    return {**models, "offline": offline}


def model_names(models: Mapping[str, Model], named: Iterable[str] = ()) -> tuple[str, ...]:
    """Every model a run may ask: the configured ones, and those its steps name, resolved."""
    names = [
        name
        for lazy in _vendor_models(models)
        for name in (lazy.model, *(resolve(lazy.vendor, n, lazy.model) for n in named))
    ]
    return tuple(dict.fromkeys(names))


def ask_about(models: Mapping[str, Model]) -> tuple[Checked, ...]:
    """What the vendors' APIs say of the configured models; what they refuse is data here."""
    return tuple(_checked(lazy) for lazy in _vendor_models(models))


def check_models(models: Mapping[str, Model]) -> tuple[str, ...]:
    """Raises what is wrong with a configured model; gives notices of APIs out of reach."""
    notices = []
    for checked in ask_about(models):
        if checked.error is not None and checked.reached:
            raise checked.error
        if checked.error is not None:
            notices.append(
                f"{checked.vendor}: {checked.model} could not be checked: {checked.error.message}"
            )
    return tuple(notices)


def _vendor_models(models: Mapping[str, Model]) -> list[Lazy]:
    firsts = (m.models[0] if isinstance(m, Fallback) else m for m in models.values())
    return [model for model in firsts if isinstance(model, Lazy)]


def _checked(lazy: Lazy) -> Checked:
    try:
        return Checked(lazy.vendor, lazy.model, info=lazy.describe())
    except OtpError as error:
        return Checked(lazy.vendor, lazy.model, error=error)


def _lazy(settings: Settings, vendor: Vendor, prices: Prices) -> Lazy:
    model = configured_model(settings, vendor)
    opened = partial(_adapter, settings, vendor, model, prices)
    return Lazy(vendor, model, opened, configured=_chosen(settings, vendor))


def _chosen(settings: Settings, vendor: Vendor) -> bool:
    return bool(settings.vendor(vendor).model or settings.model_name)


_PACKAGES: Mapping[Vendor, str] = {"anthropic": "anthropic", "gemini": "google.genai"}


def _adapter(settings: Settings, vendor: Vendor, model: str, prices: Prices) -> VendorModel:
    _require_package(_PACKAGES[vendor])
    key, base_url = settings.vendor(vendor).key, settings.vendor(vendor).base_url
    assert key is not None, "vendors without a key are not opened"
    return _class(vendor)(
        key,
        model=model,
        base_url=base_url,
        timeout=settings.model_timeout,
        retries=settings.model_retries,
        resolve=partial(resolve, vendor, default=model),
        priced=prices.priced,
    )


def _class(vendor: Vendor) -> type[VendorModel]:
    if vendor == "anthropic":
        from bot.llm.vendors.anthropic import AnthropicModel

        return AnthropicModel
    from bot.llm.vendors.gemini import GeminiModel

    return GeminiModel


def _require_package(package: str) -> None:
    try:
        missing = find_spec(package) is None
    except ModuleNotFoundError:
        missing = True
    if missing:
        raise Unusable(
            f"the package {package} is not installed",
            hint="pip install 'otp-genesis[models]'",
        )
