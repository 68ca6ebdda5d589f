"""SAM templates, expanded as AWS does it, by AWS's own translator.

Code that lies in local files (``CodeUri: src/``) has no place in S3 yet: a name in S3 that is made of the path stands
for it, so that a function whose folder stays where it is counts as unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudformation.template import Template, parse_template
from sandbox.errors import ConfigurationError, MissingToolError

SAM = "AWS::Serverless-2016-10-31"
LOCAL_BUCKET = "sandtable-local-files"
_PLACES = frozenset({"CodeUri", "ContentUri", "DefinitionUri", "SchemaUri"})
_REMOTE = ("s3://", "https://", "http://")


@dataclass(frozen=True, slots=True)
class _Session:
    """All that the translator asks an AWS session for; a real one would read the user's profile."""

    region_name: str


class _ManagedPolicies:
    """Names of AWS's managed policies, made into ARNs without asking IAM."""

    def get(self, name: str, default: str | None = None) -> str | None:
        del default
        return f"arn:aws:iam::aws:policy/{name}" if name.isidentifier() else None


def expand(template: Template, document: dict[str, Any], *, values: Mapping[str, str], region: str) -> Template:
    """Expand a SAM template; any other is returned as it is.

    Args:
        template: As parsed.
        document: As read; it is changed.
        values: Values of parameters.
        region: Some of what the translator makes depends on it.

    Raises:
        ConfigurationError: the translator refuses the template.
        MissingToolError: the translator is not installed.
    """
    if SAM not in template.transforms:
        return template
    try:
        # Imported only here: it takes a third of a second.
        from samtranslator.model.exceptions import InvalidDocumentException  # noqa: PLC0415 - see above
        from samtranslator.parser.parser import Parser  # noqa: PLC0415 - see above
        from samtranslator.translator.translator import Translator  # noqa: PLC0415 - see above
    except ImportError as error:
        raise MissingToolError("SAM templates need AWS's translator.", hint="pip install aws-sam-translator") from error
    _name_local_files(document)
    given = {name: parameter.default for name, parameter in template.parameters.items()} | dict(values)
    translator = Translator(_ManagedPolicies(), Parser(), boto_session=_Session(region))
    try:
        expanded = translator.translate(document, {name: text for name, text in given.items() if text is not None})
    except InvalidDocumentException as error:
        problems = "\n".join(str(cause.message) for cause in error.causes)
        raise _refused(template, problems) from error
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise _refused(template, f"it gives up on it ({type(error).__name__})") from error
    finally:
        # It complains on stderr about figures that nobody has fetched.
        translator.metrics.publish()
    expanded["Transform"] = [name for name in template.transforms if name != SAM]
    return parse_template(expanded, name=template.name)


def _refused(template: Template, problems: str) -> ConfigurationError:
    return ConfigurationError(
        f"SAM's translator does not expand {template.name}: {problems}",
        hint="Check it with `sam validate --lint`.",
    )


def _name_local_files(document: dict[str, Any]) -> None:
    sections = [item for item in (document.get("Globals") or {}).values() if isinstance(item, dict)]
    resources = [item.get("Properties") for item in document["Resources"].values() if isinstance(item, dict)]
    sections += [item for item in resources if isinstance(item, dict)]
    for properties in sections:
        for name in _PLACES & properties.keys():
            value = properties[name]
            if isinstance(value, str) and not value.startswith(_REMOTE):
                properties[name] = f"s3://{LOCAL_BUCKET}/{value.strip('./') or 'root'}"
