"""What the rows ask of a resource and no single attribute says: whether it is a default, a main one, a root one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from diffing.snapshot import Identity, Resource
from diffing.values import thaw

_ESCAPE = re.compile(r"\\(\d{3})")
_ALL_TRAFFIC = "-1"
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})


@dataclass(frozen=True)
class Inventory:
    """All resources that were found, and what is known of them together."""

    resources: Mapping[Identity, Resource]

    @cached_property
    def attributes(self) -> Mapping[Identity, Mapping[str, Any]]:
        """The attributes of each as plain JSON."""
        return MappingProxyType(
            {
                identity: {name: thaw(value) for name, value in resource.attributes.items()}
                for identity, resource in self.resources.items()
            }
        )

    @cached_property
    def default_groups(self) -> frozenset[str]:
        """Security groups that came with their network."""
        found = self._of_type("AWS::EC2::SecurityGroup")
        return frozenset(str(each.get("GroupId")) for each in found if each.get("GroupName") == "default")

    @cached_property
    def default_options(self) -> frozenset[str]:
        """DHCP options that came with the account: those of a default network."""
        return frozenset(
            str(each.get("DhcpOptionsId")) for each in self._of_type("AWS::EC2::VPC") if each.get("IsDefault")
        )

    @cached_property
    def root_devices(self) -> frozenset[tuple[str, str]]:
        """Instance and name of the device that it starts from."""
        found = self._of_type("AWS::EC2::Instance")
        return frozenset((str(each.get("InstanceId")), str(each.get("RootDeviceName"))) for each in found)

    def facts(self, identity: Identity) -> dict[str, Any]:
        """Everything about one resource that templates and conditions may name."""
        resource = self.resources[identity]
        attributes = self.attributes[identity]
        general: dict[str, Any] = {
            "_id": identity.id,
            "_parent": resource.parent.id if resource.parent else None,
            "_account": identity.account,
            "_region": identity.region,
            "_url": next((name for name in sorted(resource.aliases) if name.startswith("http")), None),
            "_arn": next((name for name in sorted(resource.aliases) if name.startswith("arn:")), None),
        }
        particular = _PARTICULAR.get(identity.type)
        return general | (particular(self, identity, attributes) if particular else {})

    def _of_type(self, type_name: str) -> Iterable[Mapping[str, Any]]:
        return (attributes for identity, attributes in self.attributes.items() if identity.type == type_name)


def _route_table(_: Inventory, __: Identity, attributes: Mapping[str, Any]) -> dict[str, Any]:
    routes = attributes.get("Routes") or []
    return {
        "_isMain": any(each.get("Main") for each in attributes.get("Associations") or []),
        "_ownRoutes": [
            each
            for each in routes
            if each.get("GatewayId") != "local"
            and not str(each.get("GatewayId", "")).startswith("vpce-")
            and each.get("Origin") != "EnableVgwRoutePropagation"
        ],
    }


def _network(_: Inventory, __: Identity, attributes: Mapping[str, Any]) -> dict[str, Any]:
    blocks = attributes.get("CidrBlockAssociationSet") or []
    return {"_moreCidrBlocks": [each for each in blocks if each.get("CidrBlock") != attributes.get("CidrBlock")]}


def _group_rule(inventory: Inventory, _: Identity, attributes: Mapping[str, Any]) -> dict[str, Any]:
    group = attributes.get("GroupId")
    everything = attributes.get("IpProtocol") == _ALL_TRAFFIC
    among_itself = (attributes.get("ReferencedGroupInfo") or {}).get("GroupId") == group
    to_anywhere = {attributes.get("CidrIpv4"), attributes.get("CidrIpv6")} & _ANYWHERE
    made_with_it = everything and bool(to_anywhere if attributes.get("IsEgress") else among_itself)
    return {"_isDefaultRule": made_with_it and group in inventory.default_groups}


def _options(inventory: Inventory, identity: Identity, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"_isDefault": identity.id in inventory.default_options}


def _volume(inventory: Inventory, _: Identity, attributes: Mapping[str, Any]) -> dict[str, Any]:
    places = [(str(a.get("InstanceId")), str(a.get("Device"))) for a in attributes.get("Attachments") or []]
    return {"_isRoot": any(place in inventory.root_devices for place in places)}


def _record(inventory: Inventory, identity: Identity, attributes: Mapping[str, Any]) -> dict[str, Any]:
    name = str(attributes.get("Name", ""))
    parent = inventory.resources[identity].parent
    zone = inventory.attributes.get(parent, {}) if parent else {}
    apex = name == zone.get("Name") and attributes.get("Type") in {"NS", "SOA"}
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), name).removesuffix(".")
    return {"_recordName": plain, "_isApex": apex}


def _firewall(_: Inventory, __: Identity, attributes: Mapping[str, Any]) -> dict[str, Any]:
    is_global = ":global/" in str(attributes.get("ARN", ""))
    return {"_wafScope": "CLOUDFRONT" if is_global else "REGIONAL", "_wafId": attributes.get("Id")}


def _secret_version(_: Inventory, __: Identity, attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"_isCurrent": "AWSCURRENT" in (attributes.get("VersionStages") or [])}


def _api_resource(_: Inventory, __: Identity, attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"_resource": attributes.get("id")}


def _access_entry(_: Inventory, __: Identity, attributes: Mapping[str, Any]) -> dict[str, Any]:
    by_service = str(attributes.get("type", "STANDARD")) != "STANDARD"
    return {"_isCreator": by_service or str(attributes.get("principalArn", "")).endswith(":root")}


_PARTICULAR = MappingProxyType(
    {
        "AWS::EC2::RouteTable": _route_table,
        "AWS::EC2::VPC": _network,
        "AWS::EC2::SecurityGroupRule": _group_rule,
        "AWS::EC2::DHCPOptions": _options,
        "AWS::EC2::Volume": _volume,
        "AWS::Route53::RecordSet": _record,
        "AWS::WAFv2::WebACL": _firewall,
        "AWS::WAFv2::IPSet": _firewall,
        "AWS::WAFv2::RegexPatternSet": _firewall,
        "AWS::WAFv2::RuleGroup": _firewall,
        "AWS::SecretsManager::SecretVersion": _secret_version,
        "AWS::ApiGateway::Resource": _api_resource,
        "AWS::EKS::AccessEntry": _access_entry,
    }
)
