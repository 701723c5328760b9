"""The clock of the tests, and what every factory can do."""

from datetime import UTC, datetime

from factory.django import DjangoModelFactory

#: The clock of every test that does not choose its own: Monday 23 November 2026, 10:00 in Paris.
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()


class Factory(DjangoModelFactory):
    """Takes what belongs to a given row from that row, unless the test says otherwise."""

    class Meta:
        abstract = True
        skip_postgeneration_save = True

    #: given argument → {argument to fill: attribute of the given row}
    _taken_from: dict[str, dict[str, str]] = {}

    @classmethod
    def _generate(cls, strategy, params):
        for given, filled in cls._taken_from.items():
            row = params.get(given)
            if row is not None:
                for name, attribute in filled.items():
                    params.setdefault(name, getattr(row, attribute))
        return super()._generate(strategy, params)
