"""alibabacloud-oss-v2: its Uploader for files, put_object for small objects."""

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.transport import RequestsHttpClient

import measure


def main():
    given = measure.flags()
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(
        measure.KEY_ID, measure.SECRET)
    config.region = measure.REGION
    config.endpoint = given.endpoint
    config.use_path_style = True
    config.disable_upload_crc64_check = given.checks == "off"
    # The SDK does not read the CA file of the environment.
    config.http_client = RequestsHttpClient(
        max_connections=max(given.parallel, 20), **({"ca_certs": given.ca} if given.ca else {}))
    client = oss.Client(config)
    uploader = client.uploader(part_size=given.part_size, parallel_num=given.parallel)

    def put_file(key, path):
        uploader.upload_file(oss.PutObjectRequest(bucket=measure.BUCKET, key=key), path)

    def put_object(key, data):
        client.put_object(oss.PutObjectRequest(bucket=measure.BUCKET, key=key, body=data))

    measure.run(given, put_file, put_object)


if __name__ == "__main__":
    main()
