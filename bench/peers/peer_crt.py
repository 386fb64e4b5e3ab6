"""awscrt, the C client of AWS (aws-c-s3) under Python. Its integrity check is CRC-64/NVME."""

import os
from io import BytesIO
from urllib.parse import urlsplit

from awscrt import auth, http, io, s3

import measure


def main():
    given = measure.flags()
    endpoint = urlsplit(given.endpoint)
    bootstrap = io.ClientBootstrap(
        io.EventLoopGroup(), io.DefaultHostResolver(io.EventLoopGroup()))
    tls = None
    if endpoint.scheme == "https":
        options = io.TlsContextOptions()
        options.override_default_trust_store_from_path(None, given.ca)
        tls = io.ClientTlsContext(options).new_connection_options()
    client = s3.S3Client(
        bootstrap=bootstrap,
        region=measure.REGION,
        tls_mode=s3.S3RequestTlsMode.ENABLED if tls else s3.S3RequestTlsMode.DISABLED,
        tls_connection_options=tls,
        signing_config=s3.create_default_s3_signing_config(
            region=measure.REGION,
            credential_provider=auth.AwsCredentialsProvider.new_static(
                measure.KEY_ID, measure.SECRET)),
        part_size=given.part_size,
        multipart_upload_threshold=given.part_size,
        throughput_target_gbps=100,
        max_active_connections_override=given.parallel,
    )
    checksum = None
    if given.checks == "on":
        checksum = s3.S3ChecksumConfig(
            algorithm=s3.S3ChecksumAlgorithm.CRC64NVME,
            location=s3.S3ChecksumLocation.TRAILER)

    def put(key, size, **source):
        headers = http.HttpHeaders([
            ("host", endpoint.netloc),
            ("content-length", str(size)),
            ("content-type", "application/octet-stream"),
        ])
        body = source.pop("body", None)
        request = http.HttpRequest("PUT", f"/{measure.BUCKET}/{key}", headers, body)
        client.make_request(
            request=request, type=s3.S3RequestType.PUT_OBJECT, checksum_config=checksum,
            **source).finished_future.result()

    def put_file(key, path):
        put(key, os.path.getsize(path), send_filepath=path)

    def put_object(key, data):
        put(key, len(data), body=BytesIO(data))

    measure.run(given, put_file, put_object)


if __name__ == "__main__":
    main()
