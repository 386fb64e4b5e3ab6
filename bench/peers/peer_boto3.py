"""boto3: S3Transfer for files, put_object for small objects. Its integrity check is CRC-32."""

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

import measure


def main():
    given = measure.flags()
    client = boto3.client(
        "s3",
        endpoint_url=given.endpoint,
        region_name=measure.REGION,
        aws_access_key_id=measure.KEY_ID,
        aws_secret_access_key=measure.SECRET,
        config=Config(
            max_pool_connections=given.parallel,
            request_checksum_calculation=(
                "when_supported" if given.checks == "on" else "when_required"),
            # By default it hashes every body with SHA-256 over plain HTTP.
            s3={"addressing_style": "path", "payload_signing_enabled": False},
        ),
    )
    transfer = TransferConfig(
        multipart_threshold=given.part_size,
        multipart_chunksize=given.part_size,
        max_concurrency=given.parallel,
        preferred_transfer_client="classic",
    )

    def put_file(key, path):
        client.upload_file(path, measure.BUCKET, key, Config=transfer)

    def put_object(key, data):
        client.put_object(Bucket=measure.BUCKET, Key=key, Body=data)

    measure.run(given, put_file, put_object)


if __name__ == "__main__":
    main()
