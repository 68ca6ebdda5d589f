"""How long it takes to read and compare two templates, schemas and all.

Run ``python benchmarks/bench_cloudformation.py [RESOURCES]`` from the top of the repository. Templates are YAML, as
people write them; every resource refers to the one before it, and the first one is replaced.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

TYPES = (
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::SSM::Parameter", "Name"),
    ("AWS::SecretsManager::Secret", "Name"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::Events::EventBus", "Name"),
    ("AWS::Kinesis::Stream", "Name"),
    ("AWS::ECR::Repository", "RepositoryName"),
    ("AWS::ECS::Cluster", "ClusterName"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::EC2::VPC", "CidrBlock"),
    ("AWS::EC2::Subnet", "VpcId"),
    ("AWS::CloudWatch::Alarm", "AlarmName"),
    ("AWS::StepFunctions::StateMachine", "StateMachineName"),
    ("AWS::Scheduler::ScheduleGroup", "Name"),
    ("AWS::Backup::BackupVault", "BackupVaultName"),
    ("AWS::RDS::DBSubnetGroup", "DBSubnetGroupName"),
)


def template(count: int, first: str) -> str:
    """Make a template in which each name is made of the one before."""
    lines = ["Resources:"]
    for number in range(count):
        type_, name = TYPES[number % len(TYPES)]
        value = f'!Sub "${{R{number - 1}}}-x"' if number else first
        lines += [f"  R{number}:", f"    Type: {type_}", "    Properties:", f"      {name}: {value}"]
        lines += ["      Tags:", "        - {Key: team, Value: shop}", f'        - {{Key: number, Value: "{number}"}}']
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the figures of one comparison in a fresh process."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "old.yaml", Path(folder) / "new.yaml"]
        for path, name in zip(paths, ("one", "two"), strict=True):
            path.write_text(template(count, name))
        start = time.perf_counter()
        from sandbox.cloudformation.application import read_application  # noqa: PLC0415 - its import is measured
        from sandbox.cloudformation.compare import compare_stacks  # noqa: PLC0415 - as above
        from sandbox.place import Place  # noqa: PLC0415 - as above

        imported = time.perf_counter()
        place = Place(account="123456789012", region="us-east-1")
        before, after = (read_application(path, place=place, stack="app") for path in paths)
        read = time.perf_counter()
        cold = compare_stacks(before.stacks, after.stacks)
        compared = time.perf_counter()
        compare_stacks(before.stacks, after.stacks)
        again = time.perf_counter()
    replaced = sum(change.impact.value == "will replace" for change in cold.changes)
    print(f"{count} resources of {len(TYPES)} types, {replaced} of them replaced one after the other")
    print(f"import           {(imported - start) * 1000:7.1f} ms")
    print(f"read two         {(read - imported) * 1000:7.1f} ms")
    print(f"compare, cold    {(compared - read) * 1000:7.1f} ms (schemas are read)")
    print(f"compare, warm    {(again - compared) * 1000:7.1f} ms")


if __name__ == "__main__":
    main()
