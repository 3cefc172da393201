"""The computer around captures: the cleanliness protocol, run, explained and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.compose.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from holdfast.core.environment import Environment, EnvironmentCheck, EnvironmentRun
    from holdfast.core.evidence import Exhibit
    from holdfast.core.job import Job


class Surroundings(Workshop):
    """Verbs on the environment check."""

    def environment(self, job: Job, case: str = "", *, fresh: bool = True) -> EnvironmentRun:
        """A whole run; ``fresh`` makes a new one, else the one of this sitting will do.

        With a case it is made in the case's world, and captures of the next minutes share it.
        """
        world = self._store.case(case).world if case else "real"
        job.step("checking")
        return self._sitting.whole(world, fresh=fresh).run(job)

    def write_environment(
        self, case: str, remarks: Mapping[str, str], job: Job
    ) -> EnvironmentCheck:
        """This sitting's run is in the case's record with what the person says about it.

        Captures of the next minutes carry it in their manifests, remarks and all.
        """
        from holdfast.usecases import cases, environment

        environment.only_items(remarks)
        matter = cases.open_for_work(case, store=self._store)
        job.step("checking")
        run = self._sitting.whole(matter.world).run(job).explained(remarks)
        return environment.record(
            matter,
            run,
            "before",
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            maker=self._maker,
        )

    def check_after(self, case: str, job: Job) -> EnvironmentCheck | None:
        """A new whole run stands in the case's record, after its captures.

        None where nothing was captured since the last one, or an end was asked for meanwhile: the
        captures themselves are sealed and wait for nothing.
        """
        from holdfast.usecases import environment

        matter = self._store.case(case)
        last = [
            entry.act
            for entry in self._store.entries(matter.id)
            if entry.act in ("environment.checked", "exhibit.sealed")
        ]
        if matter.closed or last[-1:] != ["exhibit.sealed"]:
            return None
        run = self._sitting.after(matter.world).run(job)
        if job.cancelled:
            return None
        return environment.record(
            matter,
            run,
            "after",
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            maker=self._maker,
        )

    def explain_environment(
        self, case: str, reference: str, remarks: Mapping[str, str]
    ) -> EnvironmentCheck:
        """What the person says about a check, or about an exhibit's, is on record.

        ``reference`` is the check's id or the exhibit's number.
        """
        from holdfast.usecases import environment

        return environment.explain(
            self._store.case(case),
            reference,
            remarks,
            store=self._store,
            vault=self._vault,
            clock=self._clock,
            maker=self._maker,
        )

    def environments(self, case: str) -> tuple[EnvironmentCheck, ...]:
        """Every check in the case's record beside its captures, oldest first."""
        from holdfast.usecases import environment

        return environment.checks_of(self._store.case(case).id, store=self._store)

    def surroundings(self, exhibit: Exhibit) -> Environment | None:
        """The runs in the exhibit's manifest; None where it has none.  Raises Tampered."""
        from holdfast.usecases import environment

        return environment.surroundings(exhibit, vault=self._vault)
