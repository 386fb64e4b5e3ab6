"""alibabacloud-oss-v2, the current official Python SDK, from PyPI."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.transport import RequestsHttpClient

from harness import (
    ODD_KEYS, PART, REGION, callback_headers, case, check_callback_response, content, content_md5,
    expect, expect_bytes, md5, parts_of, run, send,
)


class Tampering(RequestsHttpClient):
    """Changes a request, or fails, between signing and sending."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def send(self, request, **kwargs):
        self.change(request)
        return super().send(request, **kwargs)


class Client:
    """The cases, with alibabacloud-oss-v2."""

    def __init__(self, setup):
        self.setup = setup
        self.client = self.connect()

    def connect(self, secret=None, change=None, retryer=None):
        """A client, optionally with another secret or a hook between signing and sending."""
        setup = self.setup
        keys = oss.credentials.StaticCredentialsProvider(setup.key_id, secret or setup.secret)
        return oss.Client(oss.Config(
            region=REGION, endpoint=setup.endpoint, signature_version=setup.signature.lower(),
            credentials_provider=keys, use_path_style=setup.style == "path",
            http_client=Tampering(change) if change else None, retryer=retryer))

    def named(self, key, **rest):
        """The arguments of every request."""
        return {"bucket": self.setup.bucket, "key": key, **rest}

    def initiate_upload(self, key):
        """Initiates and returns the upload ID."""
        request = oss.InitiateMultipartUploadRequest(**self.named(key))
        return self.client.initiate_multipart_upload(request).upload_id

    def part(self, key, upload_id, number, body):
        """Sends one part; the SDK verifies its CRC-64."""
        result = self.client.upload_part(oss.UploadPartRequest(
            **self.named(key, upload_id=upload_id, part_number=number, body=body)))
        expect("ETag of the part", result.etag, f'"{md5(body)}"')
        return oss.UploadPart(part_number=number, etag=result.etag)

    def upload(self, key, data):
        """Initiates an upload and sends the parts, without completing it."""
        upload_id = self.initiate_upload(key)
        return upload_id, [
            self.part(key, upload_id, number, body)
            for number, body in enumerate(parts_of(data), start=1)
        ]

    def finish(self, key, upload_id, parts=None, **rest):
        """Completes an upload with the parts, or with the arguments in `rest`."""
        listed = None if parts is None else oss.CompleteMultipartUpload(parts=parts)
        return self.client.complete_multipart_upload(oss.CompleteMultipartUploadRequest(
            **self.named(key, upload_id=upload_id, complete_multipart_upload=listed, **rest)))

    def drop(self, key, upload_id):
        """Aborts an upload."""
        return self.client.abort_multipart_upload(
            oss.AbortMultipartUploadRequest(**self.named(key, upload_id=upload_id)))

    def get(self, key, **rest):
        """The content of an object, read with the SDK."""
        return self.client.get_object(oss.GetObjectRequest(**self.named(key, **rest))).body.read()

    def head(self, key):
        """The headers of an object."""
        return self.client.head_object(oss.HeadObjectRequest(**self.named(key)))

    def list_parts(self, key, upload_id):
        """All parts, from the paginator of the SDK with pages of two."""
        pager = self.client.list_parts_paginator(limit=2)
        request = oss.ListPartsRequest(**self.named(key, upload_id=upload_id))
        return [page.parts or [] for page in pager.iter_page(request)]

    @case("initiate")
    def initiate(self):
        result = self.client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(
            **self.named("initiate", metadata={"color": "red"}, content_type="text/x-odd",
                         storage_class="IA")))
        expect("uploads", self.setup.uploads("initiate"), [("initiate", result.upload_id)])
        part = self.part("initiate", result.upload_id, 1, b"small")
        self.finish("initiate", result.upload_id, [part])
        head = self.head("initiate")
        expect("metadata", head.metadata.get("color"), "red")
        expect("type", head.content_type, "text/x-odd")
        expect("storage class", head.storage_class, "IA")

    @case("parts in parallel")
    def parts_in_parallel(self):
        data = content(6 * PART + 1234)
        upload_id = self.initiate_upload("parallel")
        with ThreadPoolExecutor(4) as pool:
            jobs = [
                pool.submit(self.part, "parallel", upload_id, number, body)
                for number, body in enumerate(parts_of(data), start=1)
            ]
            parts = [job.result() for job in jobs]
        self.finish("parallel", upload_id, parts)
        expect_bytes("object", self.setup.read("parallel"), data)

    def copy_part(self, key, upload_id, number, **source):
        """Copies one part."""
        result = self.client.upload_part_copy(oss.UploadPartCopyRequest(
            **self.named(key, upload_id=upload_id, part_number=number, **source)))
        return result, oss.UploadPart(part_number=number, etag=result.etag)

    @case("part copy")
    def part_copy(self):
        data = content(PART + 7, "copied")
        source = "from here/источник+%"
        self.setup.store(source, data, self.setup.source_bucket)
        upload_id = self.initiate_upload("copy")
        result, first = self.copy_part(
            "copy", upload_id, 1, source_bucket=self.setup.source_bucket, source_key=source)
        expect("ETag of the part", result.etag, f'"{md5(data)}"')
        self.finish("copy", upload_id, [first, self.part("copy", upload_id, 2, b"end")])
        expect_bytes("object", self.setup.read("copy"), data + b"end")

    @case("part copy of a range")
    def part_copy_of_a_range(self):
        data = content(2 * PART, "range")
        self.setup.store("range source", data)
        upload_id = self.initiate_upload("copy range")
        result, part = self.copy_part("copy range", upload_id, 3, source_key="range source",
                                      source_range=f"bytes=100-{PART + 99}")
        expect("Content-Range", result.headers["Content-Range"],
               f"bytes 100-{PART + 99}/{2 * PART}")
        self.finish("copy range", upload_id, [part])
        expect_bytes("object", self.setup.read("copy range"), data[100:PART + 100])

    @case("list parts in pages")
    def list_parts_in_pages(self):
        data = content(4 * PART + 5)
        upload_id, _ = self.upload("list parts", data)
        pages = self.list_parts("list parts", upload_id)
        expect("parts a page", [len(page) for page in pages], [2, 2, 1])
        found = [(part.part_number, part.etag, part.size) for page in pages for part in page]
        wanted = [(n, f'"{md5(p)}"', len(p)) for n, p in enumerate(parts_of(data), start=1)]
        expect("parts", found, wanted)
        self.drop("list parts", upload_id)

    def open_uploads(self, keys):
        """Initiates uploads and returns their keys and IDs in list order."""
        return sorted((key, self.initiate_upload(key)) for key in keys)

    def abort_all(self, uploads):
        """Aborts the uploads, so that the next case finds none."""
        for key, upload_id in uploads:
            self.drop(key, upload_id)

    @case("list uploads, prefix and delimiter")
    def list_uploads(self):
        # The result of the SDK has no field for common prefixes.
        opened = self.open_uploads(["in/a", "in/b", "in/b", "in/sub/c", "in/sub/d", "out"])
        page = self.client.list_multipart_uploads(oss.ListMultipartUploadsRequest(
            bucket=self.setup.bucket, prefix="in/", delimiter="/"))
        expect("uploads", [(u.key, u.upload_id) for u in page.uploads], opened[:3])
        expect("prefix and delimiter", (page.prefix, page.delimiter), ("in/", "/"))
        expect("truncated", page.is_truncated, False)
        self.abort_all(opened)

    @case("list uploads, markers")
    def list_uploads_by_pages(self):
        opened = self.open_uploads(["page/a", "page/b", "page/b", "page/b", "page/c d"])
        pager = self.client.list_multipart_uploads_paginator(limit=2)
        request = oss.ListMultipartUploadsRequest(bucket=self.setup.bucket, prefix="page/")
        pages = [[(u.key, u.upload_id) for u in page.uploads] for page in pager.iter_page(request)]
        expect("uploads a page", [len(page) for page in pages], [2, 2, 1])
        expect("uploads", [upload for page in pages for upload in page], opened)
        self.abort_all(opened)

    @case("complete")
    def complete(self):
        data = content(2 * PART + 3)
        upload_id, parts = self.upload("complete", data)
        result = self.finish("complete", upload_id, parts)
        head = self.head("complete")
        expect("ETag", result.etag, head.etag)
        expect("CRC-64", result.hash_crc64, head.hash_crc64)
        expect("kind", head.object_type, "Multipart")
        expect_bytes("object", self.setup.read("complete"), data)
        expect_bytes("object by the SDK", self.get("complete"), data)
        expect("uploads left", self.setup.uploads("complete"), [])

    @case("complete all")
    def complete_all(self):
        data = content(2 * PART + 3)
        upload_id, _ = self.upload("complete all", data)
        self.finish("complete all", upload_id, complete_all="yes")
        expect_bytes("object", self.setup.read("complete all"), data)

    @case("abort")
    def abort(self):
        upload_id, parts = self.upload("abort", content(PART))
        expect("status", self.drop("abort", upload_id).status_code, 204)
        expect("uploads left", self.setup.uploads("abort"), [])
        expect_error(404, "NoSuchUpload", self.drop, "abort", upload_id)
        expect_error(404, "NoSuchUpload", self.list_parts, "abort", upload_id)
        expect_error(404, "NoSuchUpload", self.finish, "abort", upload_id, parts)
        expect("object made", self.setup.exists("abort"), False)

    def put(self, key, body, client=None, **rest):
        """PutObject."""
        return (client or self.client).put_object(
            oss.PutObjectRequest(**self.named(key, body=body, **rest)))

    @case("put, head, get")
    def put_head_get(self):
        data = content(3 * PART)
        put = self.put("put", data, metadata={"color": "green"})
        expect("ETag", put.etag, f'"{md5(data)}"')
        head = self.head("put")
        expect("size", head.content_length, len(data))
        expect("metadata", head.metadata.get("color"), "green")
        expect_bytes("object", self.setup.read("put"), data)
        part = self.get("put", range_header="bytes=10-99", range_behavior="standard")
        expect_bytes("range", part, data[10:100])
        self.setup.store("stored", data)
        expect_bytes("stored object", self.get("stored"), data)
        expect_error(404, "NoSuchKey", self.get, "absent")
        expect_error(404, "NoSuchKey", self.head, "absent")

    @case("own uploader")
    def own_uploader(self):
        data = content(4 * PART + 50)
        file = self.setup.folder / "resumed"
        file.write_bytes(data)
        sent = []

        def break_at_four(request):
            number = parse_qs(urlsplit(request.url).query).get("partNumber", [""])[0]
            if number:
                sent.append(number)
            if number == "4" and sent.count("4") == 1:
                raise ConnectionError("the cable is pulled")

        client = self.connect(change=break_at_four, retryer=oss.retry.NopRetryer())
        uploader = client.uploader(part_size=PART, parallel_num=1, enable_checkpoint=True,
                                   checkpoint_dir=f"{self.setup.folder}/")
        request = oss.PutObjectRequest(**self.named("resumed"))
        try:
            uploader.upload_file(request, str(file))
        except oss.exceptions.BaseError:
            pass
        else:
            raise AssertionError("the broken upload succeeded")
        uploader.upload_file(request, str(file))
        expect("parts sent", sent, ["1", "2", "3", "4", "4", "5"])
        expect_bytes("object", self.setup.read("resumed"), data)
        expect("uploads left", self.setup.uploads("resumed"), [])

    def complete_with_callback(self, key, path):
        """Completes an upload with a callback."""
        upload_id, parts = self.upload(key, content(PART + 1))
        callback, variables = callback_headers(self.setup.callback + path)
        return self.finish(key, upload_id, parts, callback=callback, callback_var=variables)

    @case("callback")
    def callback(self):
        result = self.complete_with_callback("call back", "/ok")
        response = json.loads(result.callback_result)
        check_callback_response(self.setup, response, "call back", PART + 1)
        expect_bytes("object", self.setup.read("call back"), content(PART + 1))

    @case("callback fails, 203")
    def callback_fails(self):
        # The SDK treats every 2xx status as success and leaves the document to the caller.
        result = self.complete_with_callback("call fails", "/broken")
        expect("status", result.status_code, 203)
        expect("code", "<Code>CallbackFailed</Code>" in result.callback_result, True)
        expect_bytes("object", self.setup.read("call fails"), content(PART + 1))

    @case("presigned part")
    def presigned_part(self):
        data = content(PART)
        upload_id = self.initiate_upload("signed part")
        url = self.client.presign(
            oss.UploadPartRequest(
                **self.named("signed part", upload_id=upload_id, part_number=1)),
            expires=timedelta(seconds=60)).url
        status, headers, body = send("PUT", url, data)
        expect("status", (status, body), (200, ""))
        expect("ETag", headers["etag"], f'"{md5(data)}"')
        status, _, body = send("PUT", url.replace("partNumber=1", "partNumber=2"), data)
        expect("changed URL", (status, "SignatureDoesNotMatch" in body), (403, True))
        self.finish("signed part", upload_id, complete_all="yes")
        expect_bytes("object", self.setup.read("signed part"), data)

    @case("presigned put")
    def presigned_put(self):
        key = "signed put/中文 +%"
        signed = self.client.presign(
            oss.PutObjectRequest(**self.named(key, content_type="text/plain")),
            expires=timedelta(seconds=60))
        status, _, body = send("PUT", signed.url, b"by URL", {"Content-Type": "text/plain"})
        expect("status", (status, body), (200, ""))
        expect_bytes("object", self.setup.read(key), b"by URL")
        status, _, body = send("PUT", signed.url, b"by URL", {"Content-Type": "text/html"})
        expect("other type", (status, "SignatureDoesNotMatch" in body), (403, True))

    @case("odd keys")
    def odd_keys(self):
        for key in ODD_KEYS:
            key = f"odd/{key}"
            upload_id, parts = self.upload(key, key.encode())
            page = self.client.list_multipart_uploads(oss.ListMultipartUploadsRequest(
                bucket=self.setup.bucket, prefix=key))
            found = [(u.key, u.upload_id) for u in page.uploads]
            expect("listed", found, [(key, upload_id)])
            listed = self.client.list_parts(
                oss.ListPartsRequest(**self.named(key, upload_id=upload_id)))
            expect("key of the parts", listed.key, key)
            expect("key of the object", self.finish(key, upload_id, parts).key, key)
            expect_bytes(key, self.setup.read(key), key.encode())
            expect_bytes(key, self.get(key), key.encode())
        wanted = sorted(f"odd/{key}" for key in ODD_KEYS)
        expect("keys", sorted(self.setup.objects("odd/")), wanted)
        pager = self.client.list_objects_v2_paginator(limit=5)
        request = oss.ListObjectsV2Request(bucket=self.setup.bucket, prefix="odd/")
        found = [entry.key for page in pager.iter_page(request) for entry in page.contents]
        expect("keys by the SDK", sorted(found), wanted)

    @case("wrong secret")
    def wrong_secret(self):
        client = self.connect(secret="not-the-secret")
        request = oss.InitiateMultipartUploadRequest(**self.named("wrong secret"))
        expect_error(403, "SignatureDoesNotMatch", client.initiate_multipart_upload, request)
        expect_error(403, "SignatureDoesNotMatch", self.put, "wrong secret", b"x", client)
        expect("uploads", self.setup.uploads("wrong secret"), [])
        expect("object made", self.setup.exists("wrong secret"), False)

    @case("changed header")
    def changed_header(self):
        def repaint(request):
            request.headers["x-oss-meta-color"] = "blue"

        client = self.connect(change=repaint)
        red = {"color": "red"}
        expect_error(403, "SignatureDoesNotMatch", self.put, "changed", b"x", client, metadata=red)
        request = oss.InitiateMultipartUploadRequest(**self.named("changed", metadata=red))
        expect_error(403, "SignatureDoesNotMatch", client.initiate_multipart_upload, request)
        expect("object made", self.setup.exists("changed"), False)

    @case("wrong Content-MD5")
    def wrong_content_md5(self):
        wrong = content_md5(b"something else")
        upload_id = self.initiate_upload("wrong MD5")
        request = oss.UploadPartRequest(**self.named(
            "wrong MD5", upload_id=upload_id, part_number=1, body=b"x", content_md5=wrong))
        expect_error(400, "InvalidDigest", self.client.upload_part, request)
        expect("parts", self.list_parts("wrong MD5", upload_id), [[]])
        self.drop("wrong MD5", upload_id)
        expect_error(400, "InvalidDigest", self.put, "wrong MD5", b"x", content_md5=wrong)
        expect("object made", self.setup.exists("wrong MD5"), False)

    @case("date 20 minutes old")
    def old_date(self):
        expect_error(403, "RequestTimeTooSkewed", self.initiate_upload, "old")
        expect_error(403, "RequestTimeTooSkewed", self.put, "old", b"x")


def expect_error(status, code, call, *arguments, **named):
    """Fails unless the call fails with this error of the service."""
    try:
        call(*arguments, **named)
    except oss.exceptions.OperationError as error:
        cause = error.unwrap()
        if not isinstance(cause, oss.exceptions.ServiceError):
            raise
        expect("error", (cause.status_code, cause.code), (status, code))
        return
    raise AssertionError(f"the call succeeded, not {status} {code}")


if __name__ == "__main__":
    run(Client, unsupported=set())
