"""The kinds of entities that the loopback OpenMetadata knows: their routes, and the models that they must fit."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

MODELS = "metadata.generated.schema"


@dataclass(frozen=True)
class Kind:
    """One collection of the API."""

    route: str
    type: str
    """As references name it."""
    create: str
    """Module and class of what a request must fit."""
    entity: str
    """Module and class of what it becomes."""
    parent: str = ""
    """The key of a request that names what it lies in, by its FQN."""
    within: str = ""
    """The route where that is."""

    def asked(self) -> Any:
        """The model of a request."""
        return model(self.create)

    def kept(self) -> Any:
        """The model of an entity."""
        return model(self.entity)


def model(name: str) -> Any:
    """The generated class `module.Class`."""
    module, _, which = name.rpartition(".")
    return getattr(import_module(f"{MODELS}.{module}"), which)


def _service(kind: str, where: str) -> Kind:
    small = where[:-1]
    create = f"api.services.create{kind}Service.Create{kind}ServiceRequest"
    return Kind(f"services/{where}", small, create, f"entity.services.{small}.{kind}Service")


def _data(name: str, route: str, parent: str = "", within: str = "") -> Kind:
    small = name[0].lower() + name[1:]
    create = f"api.data.create{name}.Create{name}Request"
    return Kind(route, small, create, f"entity.data.{small}.{name}", parent, within)


KINDS = {
    kind.route: kind
    for kind in (
        _service("Database", "databaseServices"),
        _service("Storage", "storageServices"),
        _service("Pipeline", "pipelineServices"),
        _data("Database", "databases", "service", "services/databaseServices"),
        _data("DatabaseSchema", "databaseSchemas", "database", "databases"),
        _data("Table", "tables", "databaseSchema", "databaseSchemas"),
        _data("Container", "containers", "service", "services/storageServices"),
        _data("Pipeline", "pipelines", "service", "services/pipelineServices"),
        _data("DataContract", "dataContracts"),
        _data("Glossary", "glossaries"),
        _data("GlossaryTerm", "glossaryTerms", "glossary", "glossaries"),
        Kind("teams", "team", "api.teams.createTeam.CreateTeamRequest", "entity.teams.team.Team"),
        Kind("users", "user", "api.teams.createUser.CreateUserRequest", "entity.teams.user.User"),
        Kind("domains", "domain", "api.domains.createDomain.CreateDomainRequest", "entity.domains.domain.Domain"),
        Kind(
            "classifications",
            "classification",
            "api.classification.createClassification.CreateClassificationRequest",
            "entity.classification.classification.Classification",
        ),
        Kind(
            "tags",
            "tag",
            "api.classification.createTag.CreateTagRequest",
            "entity.classification.tag.Tag",
            "classification",
            "classifications",
        ),
        Kind(
            "dataQuality/testDefinitions",
            "testDefinition",
            "api.tests.createTestDefinition.CreateTestDefinitionRequest",
            "tests.testDefinition.TestDefinition",
        ),
        Kind(
            "dataQuality/testCases",
            "testCase",
            "api.tests.createTestCase.CreateTestCaseRequest",
            "tests.testCase.TestCase",
        ),
    )
}
