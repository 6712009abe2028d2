"""What the client of the Hugging Face hub raises, in one sentence that says what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

UNREACHABLE: Final = "the hub cannot be reached"
"""What every sentence says that stands for no network, or none wanted."""


@dataclass(frozen=True)
class Asked:
    """What the hub is asked for: a repository at a revision, its page, and the licence whose terms count."""

    repository: str
    revision: str | None
    page: str
    licence: str | None
    gated: bool = False
    """Whether its entry says that access must be asked for."""

    @property
    def terms(self) -> str:
        """What to do first where access is gated."""
        return f"open {self.page}, accept its terms (licence: {self.licence or 'see there'})"

    def unreachable(self) -> str:
        """The sentence for a repository that is not here and cannot be asked for."""
        account = f". It is gated: {self.terms}, and set HF_TOKEN to a token of the account that has access"
        return (
            f"{self.repository} at revision '{self.revision}' is not in the cache and {UNREACHABLE}; "
            "connect (HF_HUB_OFFLINE unset, HF_ENDPOINT right), or copy the cache of a machine that has it to HF_HOME"
            f"{account if self.gated else ''}"
        )


@contextmanager
def one_sentence(asked: Asked, failure: Callable[[str], Exception]) -> Iterator[None]:
    """Turn the client's errors into ``failure`` of one sentence. No message of the client is shown whole."""
    from huggingface_hub import errors

    name = asked.repository
    try:
        yield
    except errors.GatedRepoError as error:
        told = error.response is not None and error.response.status_code == 403
        why = "the account of HF_TOKEN has no access to it yet" if told else "it is gated and no valid HF_TOKEN is set"
        then = "and run again when access is granted" if told else "and set HF_TOKEN to a token of that account"
        message = f"{name}: {why}; {asked.terms}, {then}"
    except errors.RevisionNotFoundError:
        message = f"{name} has no revision '{asked.revision}'; see its list of commits on {asked.page}"
    except errors.RepositoryNotFoundError:
        message = (
            f"{name} is not on the hub, or hidden from this account; check the name, or {asked.terms} and set HF_TOKEN"
        )
    except (errors.RemoteEntryNotFoundError, errors.EntryNotFoundError) as error:
        lost = f"{name} lacks a file that it lists at revision '{asked.revision}'; try another"
        message = asked.unreachable() if isinstance(error, errors.LocalEntryNotFoundError) else lost
    except errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no status"
        message = f"{name}: the hub answered with {status}; try again later"
    except (errors.OfflineModeIsEnabled, errors.HTTPError):  # type: ignore[attr-defined]
        message = asked.unreachable()
    else:
        return
    raise failure(message) from None
