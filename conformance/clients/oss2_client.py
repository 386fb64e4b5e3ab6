"""oss2, the first official Python SDK, from PyPI."""

from concurrent.futures import ThreadPoolExecutor

import oss2
from oss2.models import PartInfo

from harness import (
    ODD_KEYS, PART, REGION, callback_headers, case, check_callback_response, content, content_md5,
    expect, expect_bytes, md5, parts_of, run, send,
)


class Tampering(oss2.Session):
    """Changes a request, or fails, between signing and sending."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def do_request(self, req, timeout):
        self.change(req)
        return super().do_request(req, timeout)


class Client:
    """The cases, with oss2."""

    def __init__(self, setup):
        self.setup = setup
        self.bucket = self.connect()

    def connect(self, secret=None, change=None):
        """A bucket, optionally with another secret or a hook between signing and sending."""
        setup = self.setup
        kind = oss2.AuthV4 if setup.signature == "V4" else oss2.Auth
        return oss2.Bucket(
            kind(setup.key_id, secret or setup.secret), setup.endpoint, setup.bucket,
            session=Tampering(change) if change else None, region=REGION,
            is_path_style=setup.style == "path", connect_timeout=20)

    def upload(self, key, data):
        """Initiates an upload and sends the parts, without completing it."""
        upload_id = self.bucket.init_multipart_upload(key).upload_id
        return upload_id, [
            self.part(key, upload_id, number, body)
            for number, body in enumerate(parts_of(data), start=1)
        ]

    def part(self, key, upload_id, number, body):
        """Sends one part; oss2 verifies its CRC-64."""
        result = self.bucket.upload_part(key, upload_id, number, body)
        expect("ETag of the part", result.etag, md5(body))
        return PartInfo(number, result.etag, size=len(body), part_crc=result.crc)

    @case("initiate")
    def initiate(self):
        headers = {"x-oss-meta-color": "red", "Content-Type": "text/x-odd"}
        result = self.bucket.init_multipart_upload("initiate", headers=headers)
        expect("uploads", self.setup.uploads("initiate"), [("initiate", result.upload_id)])
        part = self.part("initiate", result.upload_id, 1, b"small")
        self.bucket.complete_multipart_upload("initiate", result.upload_id, [part])
        head = self.bucket.head_object("initiate")
        expect("metadata", head.headers["x-oss-meta-color"], "red")
        expect("type", head.content_type, "text/x-odd")

    @case("parts in parallel")
    def parts_in_parallel(self):
        data = content(6 * PART + 1234)
        upload_id = self.bucket.init_multipart_upload("parallel").upload_id
        with ThreadPoolExecutor(4) as pool:
            jobs = [
                pool.submit(self.part, "parallel", upload_id, number, body)
                for number, body in enumerate(parts_of(data), start=1)
            ]
            parts = [job.result() for job in jobs]
        self.bucket.complete_multipart_upload("parallel", upload_id, parts)
        expect_bytes("object", self.setup.read("parallel"), data)

    @case("part copy")
    def part_copy(self):
        data = content(PART + 7, "copied")
        source = "from here/источник+%"
        self.setup.store(source, data, self.setup.source_bucket)
        upload_id = self.bucket.init_multipart_upload("copy").upload_id
        result = self.bucket.upload_part_copy(
            self.setup.source_bucket, source, None, "copy", upload_id, 1)
        expect("ETag of the part", result.etag, md5(data))
        last = self.part("copy", upload_id, 2, b"end")
        parts = [PartInfo(1, result.etag), PartInfo(2, last.etag)]
        # Without the CRC-64 of the copied part oss2 cannot verify the object.
        self.bucket.enable_crc = False
        self.bucket.complete_multipart_upload("copy", upload_id, parts)
        expect_bytes("object", self.setup.read("copy"), data + b"end")

    @case("part copy of a range")
    def part_copy_of_a_range(self):
        data = content(2 * PART, "range")
        self.setup.store("range source", data)
        upload_id = self.bucket.init_multipart_upload("copy range").upload_id
        result = self.bucket.upload_part_copy(
            self.setup.bucket, "range source", (100, PART + 99), "copy range", upload_id, 3)
        expect("Content-Range", result.headers["Content-Range"],
               f"bytes 100-{PART + 99}/{2 * PART}")
        self.bucket.enable_crc = False
        self.bucket.complete_multipart_upload("copy range", upload_id, [PartInfo(3, result.etag)])
        expect_bytes("object", self.setup.read("copy range"), data[100:PART + 100])

    @case("list parts in pages")
    def list_parts_in_pages(self):
        data = content(4 * PART + 5)
        upload_id, _ = self.upload("list parts", data)
        found, marker, sizes = [], "", []
        while True:
            page = self.bucket.list_parts("list parts", upload_id, marker=marker, max_parts=2)
            sizes.append(len(page.parts))
            found += [(part.part_number, part.etag, part.size) for part in page.parts]
            if not page.is_truncated:
                break
            marker = page.next_marker
        expect("parts a page", sizes, [2, 2, 1])
        wanted = [(n, md5(p), len(p)) for n, p in enumerate(parts_of(data), start=1)]
        expect("parts", found, wanted)
        self.bucket.abort_multipart_upload("list parts", upload_id)

    def open_uploads(self, keys):
        """Initiates uploads and returns their keys and IDs in list order."""
        return sorted((key, self.bucket.init_multipart_upload(key).upload_id) for key in keys)

    def abort_all(self, uploads):
        """Aborts the uploads, so that the next case finds none."""
        for key, upload_id in uploads:
            self.bucket.abort_multipart_upload(key, upload_id)

    @case("list uploads, prefix and delimiter")
    def list_uploads(self):
        opened = self.open_uploads(["in/a", "in/b", "in/b", "in/sub/c", "in/sub/d", "out"])
        page = self.bucket.list_multipart_uploads(prefix="in/", delimiter="/")
        found = [(upload.key, upload.upload_id) for upload in page.upload_list]
        expect("uploads", found, opened[:3])
        expect("common prefixes", page.prefix_list, ["in/sub/"])
        expect("truncated", page.is_truncated, False)
        self.abort_all(opened)

    @case("list uploads, markers")
    def list_uploads_by_pages(self):
        opened = self.open_uploads(["page/a", "page/b", "page/b", "page/b", "page/c d"])
        found, key, upload_id, sizes = [], "", "", []
        while True:
            page = self.bucket.list_multipart_uploads(
                prefix="page/", key_marker=key, upload_id_marker=upload_id, max_uploads=2)
            sizes.append(len(page.upload_list))
            found += [(upload.key, upload.upload_id) for upload in page.upload_list]
            if not page.is_truncated:
                break
            key, upload_id = page.next_key_marker, page.next_upload_id_marker
        expect("uploads a page", sizes, [2, 2, 1])
        expect("uploads", found, opened)
        self.abort_all(opened)

    @case("complete")
    def complete(self):
        data = content(2 * PART + 3)
        upload_id, parts = self.upload("complete", data)
        result = self.bucket.complete_multipart_upload("complete", upload_id, parts)
        head = self.bucket.head_object("complete")
        expect("ETag", result.etag, head.etag)
        expect("CRC-64", str(result.crc), head.headers["x-oss-hash-crc64ecma"])
        expect("kind", head.object_type, "Multipart")
        expect_bytes("object", self.setup.read("complete"), data)
        expect_bytes("object by oss2", self.bucket.get_object("complete").read(), data)
        expect("uploads left", self.setup.uploads("complete"), [])

    @case("complete all")
    def complete_all(self):
        data = content(2 * PART + 3)
        upload_id, _ = self.upload("complete all", data)
        self.bucket.complete_multipart_upload(
            "complete all", upload_id, None, headers={"x-oss-complete-all": "yes"})
        expect_bytes("object", self.setup.read("complete all"), data)

    @case("abort")
    def abort(self):
        upload_id, parts = self.upload("abort", content(PART))
        expect("status", self.bucket.abort_multipart_upload("abort", upload_id).status, 204)
        expect("uploads left", self.setup.uploads("abort"), [])
        expect_error(404, "NoSuchUpload", self.bucket.abort_multipart_upload, "abort", upload_id)
        expect_error(404, "NoSuchUpload", self.bucket.list_parts, "abort", upload_id)
        expect_error(404, "NoSuchUpload", self.bucket.complete_multipart_upload, "abort", upload_id,
                parts)
        expect("object made", self.setup.exists("abort"), False)

    @case("put, head, get")
    def put_head_get(self):
        data = content(3 * PART)
        put = self.bucket.put_object("put", data, headers={"x-oss-meta-color": "green"})
        expect("ETag", put.etag, md5(data))
        head = self.bucket.head_object("put")
        expect("size", head.content_length, len(data))
        expect("metadata", head.headers["x-oss-meta-color"], "green")
        expect_bytes("object", self.setup.read("put"), data)
        part = self.bucket.get_object("put", byte_range=(10, 99)).read()
        expect_bytes("range", part, data[10:100])
        self.setup.store("stored", data)
        expect_bytes("stored object", self.bucket.get_object("stored").read(), data)
        expect_error(404, "NoSuchKey", self.bucket.get_object, "absent")

    @case("own uploader")
    def own_uploader(self):
        data = content(4 * PART + 50)
        file = self.setup.folder / "resumed"
        file.write_bytes(data)
        sent = []

        def break_at_four(req):
            number = req.params.get("partNumber")
            if number:
                sent.append(number)
            if number == "4" and sent.count("4") == 1:
                raise oss2.exceptions.RequestError(ConnectionError("the cable is pulled"))

        bucket = self.connect(change=break_at_four)
        store = oss2.ResumableStore(root=str(self.setup.folder))
        arguments = dict(store=store, multipart_threshold=PART, part_size=PART, num_threads=1)
        try:
            oss2.resumable_upload(bucket, "resumed", str(file), **arguments)
            raise AssertionError("the broken upload succeeded")
        except oss2.exceptions.RequestError:
            pass
        oss2.resumable_upload(bucket, "resumed", str(file), **arguments)
        expect("parts sent", sent, ["1", "2", "3", "4", "4", "5"])
        expect_bytes("object", self.setup.read("resumed"), data)
        expect("uploads left", self.setup.uploads("resumed"), [])

    def complete_with_callback(self, key, path):
        """Completes an upload with a callback."""
        data = content(PART + 1)
        upload_id, parts = self.upload(key, data)
        callback, variables = callback_headers(self.setup.callback + path)
        headers = {"x-oss-callback": callback, "x-oss-callback-var": variables}
        result = self.bucket.complete_multipart_upload(key, upload_id, parts, headers=headers)
        expect_bytes("object", self.setup.read(key), data)
        return result

    @case("callback")
    def callback(self):
        result = self.complete_with_callback("call back", "/ok")
        expect("status", result.status, 200)
        response = result.resp.response.json()
        check_callback_response(self.setup, response, "call back", PART + 1)

    @case("callback fails, 203")
    def callback_fails(self):
        # oss2 treats every 2xx status as success and leaves the document to the caller.
        result = self.complete_with_callback("call fails", "/broken")
        expect("status", result.status, 203)
        document = result.resp.read().decode()
        expect("code", "<Code>CallbackFailed</Code>" in document, True)

    @case("presigned part")
    def presigned_part(self):
        data = content(PART)
        upload_id = self.bucket.init_multipart_upload("signed part").upload_id
        query = {"uploadId": upload_id, "partNumber": "1"}
        url = self.bucket.sign_url("PUT", "signed part", 60, params=query)
        status, headers, body = send("PUT", url, data)
        expect("status", (status, body), (200, ""))
        expect("ETag", headers["etag"], f'"{md5(data)}"')
        status, _, body = send("PUT", url.replace("partNumber=1", "partNumber=2"), data)
        expect("changed URL", (status, "SignatureDoesNotMatch" in body), (403, True))
        self.bucket.complete_multipart_upload(
            "signed part", upload_id, None, headers={"x-oss-complete-all": "yes"})
        expect_bytes("object", self.setup.read("signed part"), data)

    @case("presigned put")
    def presigned_put(self):
        key = "signed put/中文 +%"
        url = self.bucket.sign_url("PUT", key, 60, headers={"Content-Type": "text/plain"},
                                   slash_safe=True)
        status, _, body = send("PUT", url, b"by URL", {"Content-Type": "text/plain"})
        expect("status", (status, body), (200, ""))
        expect_bytes("object", self.setup.read(key), b"by URL")
        status, _, body = send("PUT", url, b"by URL", {"Content-Type": "text/html"})
        expect("other type", (status, "SignatureDoesNotMatch" in body), (403, True))

    @case("odd keys")
    def odd_keys(self):
        for key in ODD_KEYS:
            key = f"odd/{key}"
            upload_id, parts = self.upload(key, key.encode())
            listed = self.bucket.list_multipart_uploads(prefix=key).upload_list
            expect("listed", [(u.key, u.upload_id) for u in listed], [(key, upload_id)])
            expect("parts", len(self.bucket.list_parts(key, upload_id).parts), 1)
            self.bucket.complete_multipart_upload(key, upload_id, parts)
            expect_bytes(key, self.setup.read(key), key.encode())
            expect_bytes(key, self.bucket.get_object(key).read(), key.encode())
        wanted = sorted(f"odd/{key}" for key in ODD_KEYS)
        expect("keys", sorted(self.setup.objects("odd/")), wanted)
        found = [entry.key for entry in oss2.ObjectIteratorV2(self.bucket, prefix="odd/")]
        expect("keys by oss2", sorted(found), wanted)

    @case("wrong secret")
    def wrong_secret(self):
        bucket = self.connect(secret="not-the-secret")
        expect_error(403, "SignatureDoesNotMatch", bucket.init_multipart_upload, "wrong secret")
        expect_error(403, "SignatureDoesNotMatch", bucket.put_object, "wrong secret", b"x")
        expect("uploads", self.setup.uploads("wrong secret"), [])
        expect("object made", self.setup.exists("wrong secret"), False)

    @case("changed header")
    def changed_header(self):
        def repaint(req):
            req.headers["x-oss-meta-color"] = "blue"

        bucket = self.connect(change=repaint)
        headers = {"x-oss-meta-color": "red"}
        expect_error(403, "SignatureDoesNotMatch", bucket.put_object, "changed", b"x", headers)
        expect_error(403, "SignatureDoesNotMatch", bucket.init_multipart_upload, "changed", headers)
        expect("object made", self.setup.exists("changed"), False)

    @case("wrong Content-MD5")
    def wrong_content_md5(self):
        headers = {"Content-MD5": content_md5(b"something else")}
        upload_id = self.bucket.init_multipart_upload("wrong MD5").upload_id
        expect_error(400, "InvalidDigest", self.bucket.upload_part, "wrong MD5", upload_id, 1, b"x",
                headers=headers)
        expect("parts", self.bucket.list_parts("wrong MD5", upload_id).parts, [])
        self.bucket.abort_multipart_upload("wrong MD5", upload_id)
        expect_error(400, "InvalidDigest", self.bucket.put_object, "wrong MD5", b"x", headers)
        expect("object made", self.setup.exists("wrong MD5"), False)

    @case("date 20 minutes old")
    def old_date(self):
        expect_error(403, "RequestTimeTooSkewed", self.bucket.init_multipart_upload, "old")
        expect_error(403, "RequestTimeTooSkewed", self.bucket.put_object, "old", b"x")


def expect_error(status, code, call, *arguments, **named):
    """Fails unless the call fails with this error of the service."""
    try:
        call(*arguments, **named)
    except oss2.exceptions.ServerError as error:
        expect("error", (error.status, error.code), (status, code))
        return
    raise AssertionError(f"{call.__name__} succeeded, not {status} {code}")


if __name__ == "__main__":
    run(Client, unsupported=set())
