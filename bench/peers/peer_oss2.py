"""oss2, the older SDK: resumable_upload for files, put_object for small objects."""

import tempfile

import oss2

import measure


def main():
    given = measure.flags()
    session = oss2.Session(pool_size=max(given.parallel, 10))
    if given.ca:
        session.session.verify = given.ca
    auth = oss2.ProviderAuthV4(
        oss2.credentials.StaticCredentialsProvider(measure.KEY_ID, measure.SECRET))
    bucket = oss2.Bucket(
        auth, given.endpoint, measure.BUCKET, session=session, region=measure.REGION,
        is_path_style=True, enable_crc=given.checks == "on")

    with tempfile.TemporaryDirectory() as records:
        def put_file(key, path):
            oss2.resumable_upload(
                bucket, key, path, store=oss2.ResumableStore(root=records),
                multipart_threshold=given.part_size, part_size=given.part_size,
                num_threads=given.parallel)

        measure.run(given, put_file, bucket.put_object)


if __name__ == "__main__":
    main()
